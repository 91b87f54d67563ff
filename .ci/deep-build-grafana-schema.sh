#!/usr/bin/env bash
# Builds grafana-schema and prints its folder: it reads a file of Grafana on standard input, strictly, with the Go types of
# Grafana's own SDK, and writes what Grafana does not know or does not allow. The folder is outside of the checkout and is
# kept: only the first run takes time, less than a minute of processor time. Needs Go. Messages go to stderr.
set -euo pipefail

version=v0.0.22

cache=${XDG_CACHE_HOME:-$HOME/.cache}/tta-primitives
key=$(sha256sum "${BASH_SOURCE[0]}" | cut -c -12)
built=$cache/grafana-schema-$version-$key

if [[ ! -x $built/grafana-schema ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/building-grafana-schema.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/alerting"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

type kind interface {
	UnmarshalJSONStrict(raw []byte) error
	Validate() error
}

var kinds = map[string]func() kind{
	"dashboard":     func() kind { return &dashboard.Dashboard{} },
	"query":         func() kind { return &alerting.Query{} },
	"policy":        func() kind { return &alerting.NotificationPolicy{} },
	"contact-point": func() kind { return &alerting.ContactPoint{} },
}

// The SDK returns errors without a text where it found none.
func say(err error) {
	if err != nil && err.Error() != "" {
		fmt.Println(err)
	}
}

func main() {
	plugins.RegisterDefaultPlugins()
	create, known := kinds[os.Args[1]]
	raw, err := io.ReadAll(os.Stdin)
	if !known || err != nil {
		fmt.Println("usage: grafana-schema dashboard|query|policy|contact-point <file", err)
		os.Exit(2)
	}
	say(create().UnmarshalJSONStrict(raw))
	// Of the strict reading, the SDK keeps no panels: what is validated is read once more.
	value := create()
	say(json.Unmarshal(raw, value))
	say(value.Validate())
}
GO
  export GOWORK=off GOFLAGS=-mod=mod
  {
    go mod init ci.invalid/grafana-schema
    go get "github.com/grafana/grafana-foundation-sdk/go@$version"
    mkdir out
    nice go build -trimpath -ldflags '-s -w' -o out/grafana-schema .
  } >&2
  # Moved when complete: another build may run at the same time.
  mv -T out "$built" 2>/dev/null || [[ -x $built/grafana-schema ]]
fi

printf '%s\n' "$built"
