"""The App from a shell: `enigm chat …`, for people and for scripts."""
