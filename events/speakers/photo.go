package speakers

import (
	"context"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/blobs"
	"turnout/internal/images"
)

// PhotoWidths are the widths in pixels that a photo is kept in: the first under the speaker's PhotoHash, the other under blobs.Variant of it.
var PhotoWidths = []int{640, 160}

// SetPhoto makes an uploaded picture the speaker's photo, drawn anew without what its camera noted. It fails with images.ErrTooLarge, images.ErrNotImage,
// turnout.ErrNotFound or turnout.ErrStale.
func (s *Service) SetPhoto(ctx context.Context, community, id turnout.ID, version int64, data []byte) (*Speaker, error) {
	pictures, err := images.Resize(data, PhotoWidths...)
	if err != nil {
		return nil, err
	}
	hash := blobs.Hash(pictures[0].Data)
	files := make([]blobs.Blob, len(pictures))
	for i, p := range pictures {
		files[i] = blobs.Blob{Name: blobs.Variant(hash, PhotoWidths[i]), ContentType: p.ContentType, Data: p.Data}
	}
	files[0].Name = hash
	return s.edit(ctx, community, id, version, "speaker.photo_set", func(ctx context.Context, tx bun.Tx, sp *Speaker) (string, error) {
		sp.PhotoHash = hash
		return "", blobs.Put(ctx, tx, s.now(), files...)
	})
}

// DropPhoto takes the photo away. It fails with turnout.ErrNotFound or turnout.ErrStale.
func (s *Service) DropPhoto(ctx context.Context, community, id turnout.ID, version int64) (*Speaker, error) {
	return s.edit(ctx, community, id, version, "speaker.photo_dropped", func(_ context.Context, _ bun.Tx, sp *Speaker) (string, error) {
		sp.PhotoHash = ""
		return "", nil
	})
}
