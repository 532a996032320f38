# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors

# One set of flags for each kind of build: other flags would rebuild everything.
RELEASE = swift build -c release --static-swift-stdlib --product
SOURCES = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources \
	Fuzzing/Package.swift Fuzzing/Sources

.PHONY: run test check format bench chaos fuzz interop timing release deb sbom container bootstrap clean

run: bootstrap release ## Installs what is missing, builds, serves ./state (DATABASE=postgres: another one) and enrols a first device.
	@scripts/run

test: ## Runs everything that CI runs, and prints how long it took.
	@scripts/test

check: ## Checks format, lint, layers, the lists of requirements and of client quirks.
	@scripts/check $(SOURCES)

format: ## Formats the sources.
	@swift format --in-place --recursive --parallel $(SOURCES)

bench: bootstrap release ## Measures enrolments: throughput, times, memory, cost ratio; DATABASE=postgres.
	@scripts/bootstrap interop
	@scripts/bench $(DATABASE:%=--database %)

chaos: bootstrap release ## Kills nodes and database under load for DURATION seconds, and proves that nothing is lost.
	@scripts/chaos $(DURATION:%=--duration %) $(DATABASE:%=--database %) $(SEED:%=--seed %)

MINUTES = 10

fuzz: bootstrap ## Fuzzes the readers of strangers' bytes, MINUTES each; TARGET=name for one of them.
	@scripts/fuzz --minutes $(MINUTES) $(TARGET:%=--target %)

interop: release ## Runs the real clients against the server, and writes docs/interop.md.
	@scripts/interop --sceptic .build/release/sceptic --report docs/interop.md

timing: release ## Measures that failures before authentication are told apart by nothing, their time included.
	@$(RELEASE) uniform-timing
	@scripts/check-timing .build/release/sceptic .build/release/uniform-timing

deb: bootstrap release ## Builds the Debian package, in out.
	@scripts/bootstrap packages
	@scripts/deb

sbom: bootstrap release ## Writes the bill of materials (CycloneDX), out/sbom.cdx.json.
	@mkdir -p out
	@scripts/sbom .build/release/sceptic --output out/sbom.cdx.json

container: deb ## Builds the container image from the package, as root: out/sceptic-image.tar.
	@scripts/container "$$(ls -t out/sceptic_*.deb | head -n 1)" out/sceptic-image.tar

release:
	@$(RELEASE) sceptic

bootstrap:
	@scripts/bootstrap build

clean:
	@rm -rf .build Benchmarks/.build Fuzzing/.build
