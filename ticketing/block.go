package ticketing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"turnout"
	"turnout/internal/audit"
	"turnout/internal/database"
)

const prefixBlock = "blk"

// Block is a number of places of a pool that the organiser took out of the sale.
type Block struct {
	bun.BaseModel `bun:"table:pool_blocks,alias:block"`

	ID          turnout.ID `bun:",pk"`
	CommunityID turnout.ID
	EventID     turnout.ID
	PoolID      turnout.ID
	Note        string // for whom
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time

	Places int64 `bun:",scanonly"`
}

// BlockPlaces takes places of a pool out of the sale. It fails with an Invalid error, ErrSoldOut (fewer are free) and turnout.ErrNotFound.
func (s *Service) BlockPlaces(ctx context.Context, community, pool turnout.ID, places int64, note string) (*Block, error) {
	var p turnout.Problems
	note = strings.TrimSpace(note)
	p.Require("note", note)
	p.Line("note", note, 200)
	if places < 1 || places > maxCapacity {
		p.Add("places", "out_of_range", "Say how many places are to be set aside.")
	}
	var b *Block
	var event turnout.ID
	err := s.withRoom(ctx, &event, func(ctx context.Context, tx bun.Tx) error {
		now := s.Now()
		of, err := findPool(ctx, tx, community, pool)
		if err != nil {
			return err
		}
		if err := p.Err(); err != nil {
			return err
		}
		event = of.EventID
		if err := takePlaces(ctx, tx, of.ID, places); errors.Is(err, ErrSoldOut) {
			return ErrSoldOut.With("This pool has fewer free places than that: %d.", of.Available())
		} else if err != nil {
			return err
		}
		b = &Block{ID: turnout.NewID(prefixBlock), CommunityID: community, EventID: of.EventID, PoolID: of.ID, Note: note, Version: 1,
			CreatedAt: now, UpdatedAt: now, Places: places}
		if _, err := tx.NewInsert().Model(b).Exec(ctx); err != nil {
			return err
		}
		held := &claim{HolderID: b.ID, PoolID: of.ID, HolderKind: holderBlock, CommunityID: community, Places: places, Quantity: places}
		if _, err := tx.NewInsert().Model(held).Exec(ctx); err != nil {
			return err
		}
		if err := remember(ctx, tx, b.ID, now); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "places.blocked", Subject: b.ID, At: now})
	})
	if err != nil {
		return nil, fmt.Errorf("ticketing: block places: %w", err)
	}
	return b, nil
}

// Unblock puts blocked places back into the sale; doing it again changes nothing. It fails with turnout.ErrNotFound.
func (s *Service) Unblock(ctx context.Context, community, id turnout.ID) error {
	err := s.DB.Tx(ctx, func(ctx context.Context, tx bun.Tx) error {
		b := new(Block)
		if err := tx.NewSelect().Model(b).Where("id = ?", id).Where("community_id = ?", community).Scan(ctx); err != nil {
			return database.NotFound(err)
		}
		if _, err := lockPools(ctx, tx, []turnout.ID{b.PoolID}); err != nil {
			return err
		}
		if err := releasePlaces(ctx, tx, []turnout.ID{id}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Entry{Community: community, Action: "places.unblocked", Subject: id, At: s.Now()})
	})
	if err != nil {
		return fmt.Errorf("ticketing: unblock places: %w", err)
	}
	s.soldOut.forget()
	return nil
}

// Blocks lists the places of an event that are out of the sale.
func (s *Service) Blocks(ctx context.Context, community, event turnout.ID) ([]*Block, error) {
	var list []*Block
	err := s.DB.Read().NewSelect().Model(&list).ColumnExpr("block.*").ColumnExpr("claim.quantity AS places").
		Join("JOIN pool_claims AS claim ON claim.holder_id = block.id AND claim.quantity > 0").
		Where("block.community_id = ?", community).Where("block.event_id = ?", event).Order("block.id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("ticketing: blocks: %w", err)
	}
	return list, nil
}
