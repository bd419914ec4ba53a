"""What a session about an algorithm problem has of its own: test cases as data, written out as tests."""
