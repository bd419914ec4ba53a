"""Results as other tools read them: SARIF, JUnit XML, GitHub annotations, and a page in Markdown."""
