"""The gRPC door, module by module; the whole of it over loopback is in tests/contracts."""
