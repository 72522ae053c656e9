package events

import (
	"context"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/blobs"
	"turnout/internal/images"
)

// CoverWidths are the widths in pixels that a cover is kept in: the first under the event's CoverHash, the others under
// blobs.Variant of it. A picture that is narrower has its own width under all of them.
var CoverWidths = []int{1600, 960, 480}

// SetCover makes an uploaded picture the event's cover. It fails with images.ErrTooLarge, images.ErrNotImage,
// turnout.ErrNotFound or turnout.ErrStale.
func (s *Service) SetCover(ctx context.Context, community turnout.ID, idOrSlug string, version int64, data []byte) (*Event, error) {
	pictures, err := images.Resize(data, CoverWidths...)
	if err != nil {
		return nil, err
	}
	hash := blobs.Hash(pictures[0].Data)
	files := make([]blobs.Blob, len(pictures))
	for i, p := range pictures {
		files[i] = blobs.Blob{Name: blobs.Variant(hash, CoverWidths[i]), ContentType: p.ContentType, Data: p.Data}
	}
	files[0].Name = hash
	return s.edit(ctx, community, idOrSlug, version, "event.cover_set", func(ctx context.Context, tx bun.Tx, event *Event) error {
		event.CoverHash = hash
		return blobs.Put(ctx, tx, s.now(), files...)
	})
}

// DropCover takes the event's cover away. It fails with turnout.ErrNotFound or turnout.ErrStale.
func (s *Service) DropCover(ctx context.Context, community turnout.ID, idOrSlug string, version int64) (*Event, error) {
	return s.edit(ctx, community, idOrSlug, version, "event.cover_dropped", func(_ context.Context, _ bun.Tx, event *Event) error {
		event.CoverHash = ""
		return nil
	})
}
