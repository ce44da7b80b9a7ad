"""The gRPC door: the contract in, words of the domain out, and one table from refusals to statuses."""
