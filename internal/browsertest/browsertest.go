// Package browsertest runs the pages' own scripts in headless Chromium, so that a test can ask them directly.
package browsertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Root is the repository's folder.
func Root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if filepath.Dir(folder) == folder {
			break
		}
		folder = filepath.Dir(folder)
	}
	t.Fatal("no go.mod above this folder")
	return ""
}

// Bundle gives a script that imports from templates/static/src/ts as "./_name", as one file.
func Bundle(t testing.TB, entry string) []byte {
	t.Helper()
	vendor := "./templates/static/vendor/"
	build := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools.mod", "esbuild", "--bundle", "--format=iife", "--loader=ts",
		"--alias:zxing-wasm/reader="+vendor+"zxing-wasm@3.1.4/reader/index.js", "--alias:@noble/ed25519="+vendor+"noble-ed25519@3.2.0/index.js")
	build.Dir = Root(t)
	build.Stdin = strings.NewReader(strings.ReplaceAll(entry, `"./`, `"./templates/static/src/ts/`))
	build.Stderr = os.Stderr
	script, err := build.Output()
	if err != nil {
		t.Fatal(err)
	}
	return script
}

// Open is a tab that shows the handler's page "/". The test is skipped where TURNOUT_TEST_BROWSER names no browser.
func Open(t testing.TB, handler http.Handler) context.Context {
	t.Helper()
	program := os.Getenv("TURNOUT_TEST_BROWSER")
	if program == "" {
		t.Skip("TURNOUT_TEST_BROWSER names no browser")
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, closeBrowser := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(closeBrowser)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// Page is a page that runs one script.
func Page(script []byte) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><title>Test</title><script src="/script.js"></script>`))
	})
	mux.HandleFunc("/script.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(script)
	})
	return mux
}
