package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"turnout/internal/logging"
)

func TestLinesCarryTheRequest(t *testing.T) {
	var out bytes.Buffer
	log, err := logging.New(&out, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	ctx := logging.WithRequestID(t.Context(), "req-7")
	log.DebugContext(ctx, "too fine")
	log.With("order", "ord_1").InfoContext(ctx, "confirmed")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if line["request"] != "req-7" || line["order"] != "ord_1" || line["msg"] != "confirmed" {
		t.Errorf("the line is %q", out.String())
	}
}

func TestOutsideOfARequestThereIsNoID(t *testing.T) {
	var out bytes.Buffer
	log, err := logging.New(&out, "text", "warn")
	if err != nil {
		t.Fatal(err)
	}
	log.Log(context.Background(), slog.LevelError, "broken")
	if got := out.String(); strings.Contains(got, "request=") || !strings.Contains(got, "msg=broken") {
		t.Errorf("the line is %q", got)
	}
	if id := logging.RequestID(t.Context()); id != "" {
		t.Errorf("an id out of nowhere: %q", id)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for _, tt := range []struct{ format, level, want string }{
		{"xml", "info", `"xml"`},
		{"text", "loud", `"loud"`},
	} {
		if _, err := logging.New(nil, tt.format, tt.level); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s, %s: %v", tt.format, tt.level, err)
		}
	}
}
