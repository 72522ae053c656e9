package ticketing_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"turnout"
	"turnout/internal/database"
	"turnout/internal/dbtest"
	"turnout/ticketing"
	"turnout/ticketing/documents"
)

// A ticket's paper says what the design asks for: the price that was paid, with what comes along, and the note.
func TestTicketPaperSaysWhatWasBought(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("needs pdftotext (Debian: poppler-utils)")
	}
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, ctx := newShop(t, db), t.Context()
		if _, err := s.CreateVoucher(ctx, s.event.CommunityID, s.event.ID, ticketing.VoucherInput{Code: "HALF", Kind: ticketing.Percent, Value: 50}); err != nil {
			t.Fatal(err)
		}
		shirt, err := s.CreateAddOn(ctx, s.event.CommunityID, s.event.ID, ticketing.AddOnInput{Name: "Shirt", Price: turnout.Money{Amount: 2000, Currency: s.event.Currency}, OnSale: true})
		if err != nil {
			t.Fatal(err)
		}
		dressed := s.purchase(s.ticketType(3000, s.pool(10)), 2, 3)
		dressed.Lines, dressed.Voucher = append(dressed.Lines, ticketing.PurchaseLine{AddOnID: shirt.ID, Quantity: 2, Tickets: []int{0, 0}}), "half"
		placed, _, err := s.PlaceOrder(ctx, dressed)
		if err != nil {
			t.Fatal(err)
		}
		s.tell(paid(placed, "pi_1"))
		order := s.order(placed.ID)
		text := func(n int) string {
			t.Helper()
			var pdf bytes.Buffer
			if err := s.WriteTicket(ctx, &pdf, order, order.Tickets[n], documents.Letter); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "ticket.pdf")
			if err := os.WriteFile(file, pdf.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(ctx, "pdftotext", "-raw", file, "-").Output()
			if err != nil {
				t.Fatal(err)
			}
			return string(out)
		}
		if first, second := text(0), text(1); !strings.Contains(first, "2 × Shirt") || strings.Contains(second, "Shirt") || strings.Contains(first, "15.00") || !strings.Contains(first, order.Code) {
			t.Errorf("the papers say %s and %s", first, second)
		}
		if _, err := s.SaveDesign(ctx, s.event, new(int64), ticketing.DesignInput{Layout: documents.Band, ShowPrice: true, Note: "Mind the step."}); err != nil {
			t.Fatal(err)
		}
		if first := text(0); !strings.Contains(first, "15.00") || !strings.Contains(first, "Mind the step.") || strings.Contains(first, order.Code) {
			t.Errorf("in the design the paper says %s", first)
		}
	})
}

// Two who change a design from the same version: the second is told, whether or not there was a design before.
func TestSaveDesignNoticesAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *database.DB) {
		s, ctx := newShop(t, db), t.Context()
		for version := range int64(2) {
			won := 0
			ended := make(chan error, 4)
			for range cap(ended) {
				go func() {
					_, err := s.SaveDesign(ctx, s.event, &version, ticketing.DesignInput{Layout: documents.Plain})
					ended <- err
				}()
			}
			for range cap(ended) {
				switch err := <-ended; {
				case err == nil:
					won++
				case errors.Is(err, turnout.ErrStale):
				default:
					t.Error(err)
				}
			}
			if d, err := s.Design(ctx, s.event); won != 1 || err != nil || d.Version != version+1 {
				t.Errorf("%d of 4 saved; now %+v, %v", won, d, err)
			}
		}
	})
}
