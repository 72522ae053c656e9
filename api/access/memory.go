package access

import (
	"context"
	"sync"
	"time"

	"turnout/events"
)

// eventMemory keeps, for a second, the events that strangers write to: in a rush for tickets the same event is asked for
// thousands of times, and to read it each time took longer than to say "sold out". Whoever takes places reads the event
// again, in the transaction; what this memory says decides only whose door it is. Its zero value is ready.
type eventMemory struct {
	mu    sync.Mutex
	known map[string]rememberedEvent
}

type rememberedEvent struct {
	event *events.Event
	until time.Time
}

const (
	rememberFor   = time.Second
	rememberLimit = 1000 // events; strangers choose the names, but only those of public events are kept
)

// event gives the event of the name from memory, or by find.
func (m *eventMemory) event(ctx context.Context, name string, find func(ctx context.Context) (*events.Event, error)) (*events.Event, error) {
	now := time.Now()
	m.mu.Lock()
	kept, there := m.known[name]
	m.mu.Unlock()
	if there && now.Before(kept.until) {
		return kept.event, nil
	}
	event, err := find(ctx)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= rememberLimit {
		m.known = map[string]rememberedEvent{}
	}
	m.known[name] = rememberedEvent{event, now.Add(rememberFor)}
	return event, nil
}
