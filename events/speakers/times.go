package speakers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"turnout"
)

// Window is a time at which a speaker can be there, UTC, half-open.
type Window struct {
	StartsAt, EndsAt time.Time
}

// Bounds of what a speaker says of their time.
const (
	MaxWindows   = 50
	longestTimes = 366 * 24 * time.Hour
)

type timesRow struct {
	bun.BaseModel `bun:"table:speaker_times,alias:times"`

	SpeakerID   turnout.ID `bun:"speaker_id,pk"`
	StartsAt    time.Time  `bun:"starts_at,pk"`
	EndsAt      time.Time  `bun:"ends_at"`
	CommunityID turnout.ID `bun:"community_id"`
	EventID     turnout.ID `bun:"event_id"`
}

// CheckTimes says what is wrong with windows, field by field ("times[0].ends_at").
func CheckTimes(windows []Window) error {
	var problems turnout.Problems
	if len(windows) > MaxWindows {
		problems.Add("times", "out_of_range", "At most %d times.", MaxWindows)
	}
	for i, w := range windows {
		field := fmt.Sprintf("times[%d].", i)
		switch {
		case w.StartsAt.IsZero():
			problems.Require(field+"starts_at", "")
		case w.EndsAt.IsZero():
			problems.Require(field+"ends_at", "")
		case !w.EndsAt.After(w.StartsAt):
			problems.Add(field+"ends_at", "before_start", "The end must come after the start.")
		case w.EndsAt.Sub(w.StartsAt) > longestTimes:
			problems.Add(field+"ends_at", "range", "This is longer than a year.")
		}
	}
	return problems.Err()
}

// Tidy gives windows in order of time, those that touch or overlap as one, in UTC to the microsecond.
func Tidy(windows []Window) []Window {
	all := make([]Window, len(windows))
	for i, w := range windows {
		all[i] = Window{w.StartsAt.UTC().Truncate(time.Microsecond), w.EndsAt.UTC().Truncate(time.Microsecond)}
	}
	slices.SortFunc(all, func(a, b Window) int { return a.StartsAt.Compare(b.StartsAt) })
	var out []Window
	for _, w := range all {
		if last := len(out) - 1; last >= 0 && !w.StartsAt.After(out[last].EndsAt) {
			if w.EndsAt.After(out[last].EndsAt) {
				out[last].EndsAt = w.EndsAt
			}
			continue
		}
		out = append(out, w)
	}
	return out
}

// Free reports whether somebody with these windows (Tidy) can be there all the time; without windows they always can.
func Free(windows []Window, from, to time.Time) bool {
	return len(windows) == 0 || slices.ContainsFunc(windows, func(w Window) bool { return !from.Before(w.StartsAt) && !to.After(w.EndsAt) })
}

// SetTimes replaces when a speaker can be there; none means always. version is what the caller saw, 0 for whatever is there. Errors:
// turnout.ErrNotFound, turnout.ErrStale, Invalid with fields.
func (s *Service) SetTimes(ctx context.Context, community, id turnout.ID, version int64, windows []Window) (*Speaker, error) {
	if err := CheckTimes(windows); err != nil {
		return nil, err
	}
	return s.edit(ctx, community, id, version, "speaker.times_set", func(ctx context.Context, tx bun.Tx, sp *Speaker) (string, error) {
		if _, err := tx.NewDelete().Model((*timesRow)(nil)).Where("speaker_id = ?", id).Where("community_id = ?", community).Exec(ctx); err != nil {
			return "", err
		}
		var rows []*timesRow
		for _, w := range Tidy(windows) {
			rows = append(rows, &timesRow{SpeakerID: id, StartsAt: w.StartsAt, EndsAt: w.EndsAt, CommunityID: community, EventID: sp.EventID})
		}
		if len(rows) == 0 {
			return "", nil
		}
		_, err := tx.NewInsert().Model(&rows).Exec(ctx)
		return "", err
	})
}

// Times gives when the speakers of an event can be there, in order of time. Who is not in it always can.
func Times(ctx context.Context, db bun.IDB, community, event turnout.ID) (map[turnout.ID][]Window, error) {
	var rows []timesRow
	err := db.NewSelect().Model(&rows).Where("community_id = ?", community).Where("event_id = ?", event).OrderExpr("speaker_id, starts_at").Scan(ctx)
	return windowsOf(rows), err
}

// TimesOf is Times of one speaker.
func TimesOf(ctx context.Context, db bun.IDB, sp *Speaker) ([]Window, error) {
	var rows []timesRow
	err := db.NewSelect().Model(&rows).Where("community_id = ?", sp.CommunityID).Where("speaker_id = ?", sp.ID).OrderExpr("starts_at").Scan(ctx)
	return windowsOf(rows)[sp.ID], err
}

func windowsOf(rows []timesRow) map[turnout.ID][]Window {
	all := map[turnout.ID][]Window{}
	for _, r := range rows {
		all[r.SpeakerID] = append(all[r.SpeakerID], Window{r.StartsAt.UTC(), r.EndsAt.UTC()})
	}
	return all
}
