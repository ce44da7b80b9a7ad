"""What protoc makes of proto/tidegate/v1. Never edited: change the contract, then `make generate`."""
