# sparsim in a container: docker build -t sparsim . && docker run --rm -v "$PWD:/work" sparsim compare crossbar systolic -w tinygpt
FROM python:3.13-slim

COPY pyproject.toml hatch_build.py README.md LICENSE sparsim.py /sparsim/
COPY simulator /sparsim/simulator
COPY configs /sparsim/configs
COPY workloads /sparsim/workloads
RUN pip install --no-cache-dir '/sparsim[frame]' && rm -r /sparsim

# kernels are compiled at the first run, for the processor that runs them; mount a volume here to keep them
ENV XDG_CACHE_HOME=/cache
VOLUME /cache
# results go to reports/ of the folder that is mounted here
WORKDIR /work
ENTRYPOINT ["sparsim"]
CMD ["--help"]
