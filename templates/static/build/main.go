// Command build bundles the styles and scripts of ../src into ../dist with esbuild (a Go tool of tools.mod): every
// src/css/*.css and src/ts/*.ts whose name does not begin with "_" becomes one minified file with its content's hash in the
// name, and manifest.json maps plain names to those. With -check it builds elsewhere and fails on any difference.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// vendored are the plain names of the third-party files that pages load as they are.
var vendored = map[string]string{
	"htmx.js":           "vendor/htmx@2.0.10/htmx.min.js",
	"inter.woff2":       "vendor/inter@5.3.0/inter-latin-wght-normal.woff2",
	"zxing_reader.wasm": "vendor/zxing-wasm@3.1.4/zxing_reader.wasm",
}

func main() {
	check := flag.Bool("check", false, "compare with the committed files instead of writing them")
	flag.Parse()
	if err := run(context.Background(), *check); err != nil { //nolint:forbidigo // a program's main has no caller
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

// run works from the templates folder, where go generate starts it.
func run(ctx context.Context, check bool) error {
	dist := filepath.Join("static", "dist")
	if !check {
		return build(ctx, dist)
	}
	fresh, err := os.MkdirTemp("static", ".check") // beside dist, so that relative paths in the output are equal
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(fresh) }()
	if err := build(ctx, fresh); err != nil {
		return err
	}
	return compare(fresh, dist)
}

func build(ctx context.Context, dist string) error {
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	if err := writeCells(filepath.Join("static", "src", "css", "_cells.css")); err != nil {
		return err
	}
	entries, err := entryPoints()
	if err != nil {
		return err
	}
	meta := filepath.Join(dist, "meta.json")
	args := append([]string{"tool", "-modfile=../tools.mod", "esbuild"}, entries...)
	args = append(args, "--bundle", "--minify", "--target=es2022,chrome111,firefox113,safari16.4", "--format=iife", "--charset=utf8",
		"--legal-comments=none", "--tsconfig-raw={}", "--entry-names=[name].[hash]", "--external:/static/*",
		"--alias:zxing-wasm/reader=./static/vendor/zxing-wasm@3.1.4/reader/index.js", "--alias:@noble/ed25519=./static/vendor/noble-ed25519@3.2.0/index.js",
		"--outdir="+dist, "--metafile="+meta, "--log-level=warning")
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // fixed arguments and file names of this repository
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("esbuild: %w", err)
	}
	return writeManifest(dist, meta)
}

// writeCells writes the classes that place a session in the schedule's grid: inline styles are against the pages' policy.
// r1 to r300 are rows (row 1 holds the rooms, each further one five minutes: a day may run to 25 hours), s1 to s290 spans
// of rows, c1 to c80 columns (column 1 holds the times), w1 to w80 spans of columns.
func writeCells(file string) error {
	var b bytes.Buffer
	b.WriteString("/* Written by static/build: places in the schedule's grid. */\n")
	for _, cell := range []struct {
		class, rule string
		most        int
	}{{"r", "grid-row-start:%d", 300}, {"s", "grid-row-end:span %d", 290}, {"c", "grid-column-start:%d", 80}, {"w", "grid-column-end:span %d", 80}} {
		for n := 1; n <= cell.most; n++ {
			fmt.Fprintf(&b, ".%s%d{"+cell.rule+"}\n", cell.class, n, n)
		}
	}
	return os.WriteFile(file, b.Bytes(), 0o644) //nolint:gosec // read by all
}

func entryPoints() ([]string, error) {
	var entries []string
	for _, pattern := range []string{"static/src/css/*.css", "static/src/ts/*.ts"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			if !strings.HasPrefix(filepath.Base(file), "_") {
				entries = append(entries, file)
			}
		}
	}
	if len(entries) == 0 {
		return nil, errors.New("no sources: run it from the templates folder")
	}
	sort.Strings(entries)
	return entries, nil
}

// writeManifest reads esbuild's own account of what it made, and replaces it.
func writeManifest(dist, meta string) error {
	raw, err := os.ReadFile(meta)
	if err != nil {
		return err
	}
	var account struct {
		Outputs map[string]struct {
			EntryPoint string `json:"entryPoint"`
		} `json:"outputs"`
	}
	if err := json.Unmarshal(raw, &account); err != nil {
		return err
	}
	manifest := map[string]string{}
	for name, path := range vendored {
		manifest[name] = path
	}
	for output, of := range account.Outputs {
		if of.EntryPoint == "" {
			continue
		}
		plain := strings.TrimSuffix(filepath.Base(of.EntryPoint), filepath.Ext(of.EntryPoint)) + filepath.Ext(output)
		manifest[plain] = "dist/" + filepath.Base(output)
	}
	out, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	if err := os.Remove(meta); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, "manifest.json"), append(out, '\n'), 0o644) //nolint:gosec // read by all
}

// compare names the first file that one folder has and the other has not, or has otherwise.
func compare(fresh, committed string) error {
	seen := map[string]bool{}
	err := filepath.WalkDir(fresh, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen[d.Name()] = true
		want, err := os.ReadFile(path) //nolint:gosec // our own output
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(committed, d.Name()))
		if err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("%s is not what the sources give: run go generate ./templates/... and commit", d.Name())
		}
		return nil
	})
	if err != nil {
		return err
	}
	old, err := os.ReadDir(committed)
	if err != nil {
		return err
	}
	for _, e := range old {
		if !seen[e.Name()] {
			return fmt.Errorf("%s is left over: run go generate ./templates/... and commit", e.Name())
		}
	}
	return nil
}
