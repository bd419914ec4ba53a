"""The languages that solutions may be written in beside Python, and their toolchains on this machine."""
