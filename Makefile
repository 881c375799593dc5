.PHONY: lock
UV := .venv/bin/uv
LOCK := $(UV) pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

lock:
	$(LOCK) --extra postgresql --group build -o requirements.txt
	$(LOCK) --extra postgresql --group build --group dev -o requirements-dev.txt
	$(LOCK) --only-group node -o requirements-node.txt
