# syntax=docker/dockerfile:1
#
# The image holds one static program and the roots of the web's CAs. It listens
# on every address of the container, so it wants credentials:
#
#   docker run -p 127.0.0.1:8080:8080 -e SIDENOTE_PROXY_AUTH=USER:PASSWORD sidenote
#
# The local CA is made in /data on first use; keep that in a volume, and take
# the certificate out with:  docker run --rm -v sidenote:/data sidenote ca export
ARG GO_IMAGE=docker.io/library/golang:1.26.11
FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/sidenote ./cmd/sidenote
RUN mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/sidenote /sidenote
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
ENV SIDENOTE_LISTEN=0.0.0.0:8080 \
    SIDENOTE_ADMIN=0.0.0.0:8081 \
    SIDENOTE_CA_DIR=/data/ca
VOLUME /data
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=5s CMD ["/sidenote", "healthcheck"]
ENTRYPOINT ["/sidenote"]
CMD ["serve"]
