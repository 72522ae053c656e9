// Package logging sets up log/slog. Lines carry the id of the request that they belong to; they hold ids, never personal
// data or secrets.
package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

// New gives a logger that writes to w, in format "text" or "json", lines of the level ("debug", "info", "warn", "error")
// and above. Logged with a context, a line carries its request id.
func New(w io.Writer, format, level string) (*slog.Logger, error) {
	var options slog.HandlerOptions
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("logging: the level %q is none of debug, info, warn, error", level)
	}
	options.Level = least
	switch format {
	case "text":
		return slog.New(handler{slog.NewTextHandler(w, &options)}), nil
	case "json":
		return slog.New(handler{slog.NewJSONHandler(w, &options)}), nil
	}
	return nil, fmt.Errorf("logging: the format %q is neither text nor json", format)
}

type requestKey struct{}

// WithRequestID gives a context whose log lines carry the id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID is the id of the context's request, empty outside of one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// handler adds the request id to what it passes on.
type handler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h handler) Handle(ctx context.Context, record slog.Record) error {
	if id := RequestID(ctx); id != "" {
		record.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
