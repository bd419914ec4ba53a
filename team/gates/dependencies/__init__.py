"""What code needs beside itself: is it there, is it what it seems, is it declared."""
