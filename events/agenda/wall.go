package agenda

import (
	"cmp"
	"context"
	"io"

	"turnout/events"
	"turnout/events/agenda/wall"
	"turnout/events/organisers"
)

// WriteWall writes the public schedule for walls and doors as a PDF, in the language. The same release gives the same bytes. Errors: ErrNotReleased;
// Invalid for a day, a room or a size that is none.
func (s *Service) WriteWall(ctx context.Context, w io.Writer, e *events.Event, lang string, choice wall.Choice) error {
	schedule, release, err := s.Schedule(ctx, e)
	if err != nil {
		return err
	}
	community, err := organisers.FindCommunity(ctx, s.DB.Read(), string(e.CommunityID))
	if err != nil {
		return err
	}
	shown := *schedule
	shown.Version = release.Version
	return wall.Write(w, &shown, wall.Look{Words: s.Pages, Lang: lang, Community: community.Name, Accent: cmp.Or(e.Accent, community.Accent),
		URL: s.BaseURL + "/e/" + e.Slug + "/schedule", Released: release.CreatedAt}, choice)
}
