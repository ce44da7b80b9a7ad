"""The demo of real hosts: a server and agents as processes of their own, a handler, and a web service on each host."""
