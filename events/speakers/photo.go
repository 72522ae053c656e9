package speakers

import (
	"context"
	"slices"

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
	hash := blobs.Hash(slices.Concat([]byte(id), pictures[0].Data)) // a name that no other speaker's photo has: it goes with this one
	files := make([]blobs.Blob, len(pictures))
	for i, p := range pictures {
		files[i] = blobs.Blob{Name: blobs.Variant(hash, PhotoWidths[i]), ContentType: p.ContentType, Data: p.Data}
	}
	files[0].Name = hash
	return s.edit(ctx, community, id, version, "speaker.photo_set", func(ctx context.Context, tx bun.Tx, sp *Speaker) (string, error) {
		if sp.PhotoHash != hash {
			if err := dropPhoto(ctx, tx, sp); err != nil {
				return "", err
			}
		}
		sp.PhotoHash = hash
		return "", blobs.Put(ctx, tx, s.now(), files...)
	})
}

// DropPhoto takes the photo away. It fails with turnout.ErrNotFound or turnout.ErrStale.
func (s *Service) DropPhoto(ctx context.Context, community, id turnout.ID, version int64) (*Speaker, error) {
	return s.edit(ctx, community, id, version, "speaker.photo_dropped", func(ctx context.Context, tx bun.Tx, sp *Speaker) (string, error) {
		err := dropPhoto(ctx, tx, sp)
		sp.PhotoHash = ""
		return "", err
	})
}

// dropPhoto removes the files of the photo that a speaker had.
func dropPhoto(ctx context.Context, tx bun.Tx, sp *Speaker) error {
	if sp.PhotoHash == "" {
		return nil
	}
	names := []string{sp.PhotoHash}
	for _, width := range PhotoWidths[1:] {
		names = append(names, blobs.Variant(sp.PhotoHash, width))
	}
	return blobs.Remove(ctx, tx, names...)
}
