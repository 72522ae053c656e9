package stripe

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76/webhook"

	"turnout"
	"turnout/ticketing/payments"
)

func TestSignatureVectors(t *testing.T) {
	var file struct {
		Secret string
		Cases  []struct {
			Name, Payload, Header string
			Now                   int64
			Accept                *bool
		}
	}
	realData(t, "webhooks/stripe-signature-vectors.json", &file)
	if len(file.Cases) < 12 || file.Secret != secret {
		t.Fatalf("the file is another one: %d cases", len(file.Cases))
	}
	for _, tt := range file.Cases {
		_, err := offline(time.Unix(tt.Now, 0)).Verify([]byte(tt.Payload), tt.Header)
		accepted := !errors.Is(err, payments.ErrSignature)
		if tt.Accept != nil && accepted != *tt.Accept {
			t.Errorf("%s: accepted %v (%v)", tt.Name, accepted, err)
		}
	}
}

func sign(payload, secret string, at time.Time) string {
	return webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(payload), Secret: secret, Timestamp: at}).Header
}

func TestSignatures(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	body := `{"id":"evt_1","type":"charge.refunded"}`
	large := func(size int) string { return body[:len(body)-1] + `,"x":"` + strings.Repeat("x", size) + `"}` }
	good := sign(body, secret, now)
	_, v1, _ := strings.Cut(good, ",")
	for name, tt := range map[string]struct {
		payload, header string
		want            error
	}{
		"good":                            {body, good, nil},
		"299 s old":                       {body, sign(body, secret, now.Add(-299*time.Second)), nil},
		"302 s old":                       {body, sign(body, secret, now.Add(-302*time.Second)), payments.ErrSignature},
		"three days old":                  {body, sign(body, secret, now.Add(-72*time.Hour)), payments.ErrSignature},
		"a clock ahead":                   {body, sign(body, secret, now.Add(60*time.Second)), nil},
		"another secret":                  {body, sign(body, "whsec_other", now), payments.ErrSignature},
		"an empty secret":                 {body, sign(body, "", now), payments.ErrSignature},
		"an altered body":                 {strings.Replace(body, "evt_1", "evt_2", 1), good, payments.ErrSignature},
		"a newer time":                    {body, fmt.Sprintf("t=%d,%s", now.Unix()+1, v1), payments.ErrSignature},
		"an old one under a newer time":   {body, fmt.Sprintf("t=%d,", now.Unix()) + sign(body, secret, now.Add(-time.Hour)), payments.ErrSignature},
		"wrong, then right":               {body, good + ",v1=" + strings.Repeat("0", 64) + ",v0=abc", nil},
		"cut short":                       {body, good[:len(good)-1], payments.ErrSignature},
		"not hexadecimal":                 {body, "t=1,v1=zz", payments.ErrSignature},
		"no header":                       {body, "", payments.ErrSignature},
		"64 KiB":                          {large(60 << 10), sign(large(60<<10), secret, now), nil},
		"1 MB, rightly signed":            {large(1 << 20), sign(large(1<<20), secret, now), payments.ErrSignature},
		"signed, and no JSON":             {"hello", sign("hello", secret, now), payments.ErrBadEvent},
		"signed, and no id":               {`{"type":"x"}`, sign(`{"type":"x"}`, secret, now), payments.ErrBadEvent},
		"signed, and an id without end":   {`{"id":"` + strings.Repeat("e", 999) + `","type":"x"}`, sign(`{"id":"`+strings.Repeat("e", 999)+`","type":"x"}`, secret, now), payments.ErrBadEvent},
		"signed, and null":                {"null", sign("null", secret, now), payments.ErrBadEvent},
		"signed, and data is no object":   {`{"id":"e","type":"x","data":7}`, sign(`{"id":"e","type":"x","data":7}`, secret, now), payments.ErrBadEvent},
		"signed, and the type is unknown": {`{"id":"e","type":"x.y"}`, sign(`{"id":"e","type":"x.y"}`, secret, now), nil},
	} {
		notice, err := offline(now).Verify([]byte(tt.payload), tt.header)
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if (err == nil) != (notice.ID != "") {
			t.Errorf("%s: %+v with %v", name, notice, err)
		}
	}
	without := offline(now)
	without.secret = ""
	if _, err := without.Verify([]byte(body), sign(body, "", now)); !errors.Is(err, payments.ErrSignature) {
		t.Errorf("without a secret of ours, anybody can sign: %v", err)
	}
}

const payment = "pay_06h03z7e55r019djpfzej3jqdm"

// event is a webhook's body as Stripe writes it.
func event(eventType, version, object string) string {
	return fmt.Sprintf(`{"id":"evt_1","object":"event","api_version":%q,"created":1772366400,"type":%q,"data":{"object":%s}}`, version, eventType, object)
}

func TestRead(t *testing.T) {
	const ours = "2023-10-16"
	session := func(status, paid string) string {
		return fmt.Sprintf(`{"id":"cs_1","object":"checkout.session","status":%q,"payment_status":%q,"amount_total":4900,"currency":"eur",`+
			`"payment_intent":"pi_1","metadata":{"payment_id":%q}}`, status, paid, payment)
	}
	refund := func(status string) string {
		return fmt.Sprintf(`{"id":"re_1","object":"refund","status":%q,"amount":4900,"currency":"eur","payment_intent":"pi_1",`+
			`"metadata":{"payment_id":%q,"refund_id":"ref_1"}}`, status, payment)
	}
	of := func(e payments.Event, kind payments.Kind) payments.Event {
		e.Kind, e.PaymentRef, e.Amount = kind, "pi_1", turnout.Money{Amount: 4900, Currency: "EUR"}
		return e
	}
	ofSession := of(payments.Event{PaymentID: payment, SessionRef: "cs_1"}, "")
	ofRefund := of(payments.Event{PaymentID: payment, RefundID: "ref_1", RefundRef: "re_1"}, "")
	ignored := payments.Event{Kind: payments.EventIgnored}
	for name, tt := range map[string]struct {
		body string
		want payments.Event
		err  error
	}{
		"paid":        {event("checkout.session.completed", ours, session("complete", "paid")), of(ofSession, payments.EventPaid), nil},
		"processing":  {event("checkout.session.completed", ours, session("complete", "unpaid")), of(ofSession, payments.EventProcessing), nil},
		"came":        {event("checkout.session.async_payment_succeeded", ours, session("complete", "paid")), of(ofSession, payments.EventPaid), nil},
		"did not":     {event("checkout.session.async_payment_failed", ours, session("complete", "unpaid")), of(ofSession, payments.EventFailed), nil},
		"expired":     {event("checkout.session.expired", ours, session("expired", "unpaid")), of(ofSession, payments.EventExpired), nil},
		"not paid":    {event("checkout.session.completed", ours, session("", "")), of(ofSession, payments.EventIgnored), nil},
		"for nothing": {event("checkout.session.completed", ours, session("complete", "no_payment_required")), of(ofSession, payments.EventProcessing), nil},
		"refunded":    {event("refund.updated", ours, refund("succeeded")), of(ofRefund, payments.EventRefunded), nil},
		"came back":   {event("charge.refund.updated", ours, refund("failed")), of(ofRefund, payments.EventRefundFailed), nil},
		"came back 2": {event("refund.failed", ours, refund("canceled")), of(ofRefund, payments.EventRefundFailed), nil},
		"pending":     {event("refund.created", ours, refund("pending")), ignored, nil},
		"declined": {event("payment_intent.payment_failed", ours, `{"id":"pi_1","amount":4900,"currency":"eur","metadata":{"payment_id":"`+payment+`"}}`),
			of(payments.Event{PaymentID: payment}, payments.EventDeclined), nil},
		"disputed":          {event("charge.dispute.created", ours, `{"id":"dp_1","amount":4900,"currency":"eur","payment_intent":"pi_1"}`), of(payments.Event{}, payments.EventDisputed), nil},
		"another's session": {event("checkout.session.completed", ours, strings.Replace(session("complete", "paid"), "payment_id", "cart", 1)), ignored, nil},
		"another's id":      {event("checkout.session.completed", ours, strings.Replace(session("complete", "paid"), payment, "cart-7", 1)), ignored, nil},
		"unknown":           {event("customer.created", ours, `{"id":"cus_1"}`), ignored, nil},
		"unknown, newer":    {event("customer.created", "2030-01-01.oak", `{"id":"cus_1"}`), ignored, nil},
		"no object":         {event("checkout.session.completed", ours, `{}`), payments.Event{}, payments.ErrBadEvent},
		"a number":          {event("checkout.session.completed", ours, `{"id":"cs_1","amount_total":"x"}`), payments.Event{}, payments.ErrBadEvent},
		"no currency":       {event("checkout.session.completed", ours, strings.Replace(session("complete", "paid"), `"eur"`, `""`, 1)), payments.Event{}, payments.ErrBadEvent},
		"not JSON":          {"{", payments.Event{}, payments.ErrBadEvent},
		"newer":             {event("checkout.session.completed", "2025-03-31.basil", session("complete", "paid")), payments.Event{}, payments.ErrUnavailable},
		"no version":        {event("refund.updated", "", refund("succeeded")), payments.Event{}, payments.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the two that ask Stripe wait between their attempts
			got, err := offline(time.Unix(1772366400, 0)).Read(t.Context(), []byte(tt.body))
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatal(err)
			}
			if err != nil {
				return
			}
			tt.want.Notice, tt.want.OccurredAt = payments.Notice{ID: "evt_1", Type: got.Type}, time.Unix(1772366400, 0).UTC()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Objects as Stripe's API returns them are understood: none is an error, and none is money, for they are not ours.
func TestStripesOwnObjects(t *testing.T) {
	var file struct{ Resources map[string]json.RawMessage }
	realData(t, "webhooks/stripe-fixtures3.json", &file)
	p := offline(time.Now())
	for resource, eventType := range map[string]string{
		"checkout.session": "checkout.session.completed", "payment_intent": "payment_intent.payment_failed", "refund": "refund.updated", "dispute": "charge.dispute.created",
	} {
		object := string(file.Resources[resource])
		got, err := p.Read(t.Context(), []byte(event(eventType, "2023-10-16", object)))
		if err != nil || got.Kind != payments.EventIgnored {
			t.Errorf("%s: %+v %v", resource, got, err)
		}
	}
	// With our metadata on them they are.
	for resource, want := range map[string]payments.Event{
		"payment_intent": {Kind: payments.EventDeclined, Amount: turnout.Money{Amount: 1099, Currency: "USD"}},
		"refund":         {Kind: payments.EventRefunded, Amount: turnout.Money{Amount: 100, Currency: "USD"}},
	} {
		object := map[string]any{}
		if err := json.Unmarshal(file.Resources[resource], &object); err != nil {
			t.Fatal(err)
		}
		object["metadata"] = map[string]string{"payment_id": payment}
		if resource == "refund" {
			object["payment_intent"] = "pi_1"
		}
		text, _ := json.Marshal(object)
		got, err := p.Read(t.Context(), []byte(event(map[string]string{"payment_intent": "payment_intent.payment_failed", "refund": "refund.updated"}[resource], "2023-10-16", string(text))))
		if err != nil || got.Kind != want.Kind || got.Amount != want.Amount || got.PaymentID != payment {
			t.Errorf("%s: %+v %v", resource, got, err)
		}
	}
}

// FuzzVerify: whatever comes, nothing panics; only what was signed with the secret is taken, and what is taken has a name.
func FuzzVerify(f *testing.F) {
	now := time.Unix(1772366400, 0)
	body := event("checkout.session.completed", "2023-10-16", `{"id":"cs_1"}`)
	f.Add([]byte(body), "", true)
	f.Add([]byte(body), "t=1772366400,v1=00", false)
	f.Add([]byte(body), "t==,v1,v1=,,t=-1", false)
	f.Add([]byte(`{"id":1}`), "", true)
	p := offline(now)
	f.Fuzz(func(t *testing.T, payload []byte, header string, signed bool) {
		if signed {
			header = sign(string(payload), secret, now)
		}
		notice, err := p.Verify(payload, header)
		switch {
		case err == nil && (notice.ID == "" || notice.Type == ""):
			t.Errorf("taken without a name: %+v", notice)
		case err == nil && !signed:
			t.Error("taken without our signature")
		case err != nil && !errors.Is(err, payments.ErrSignature) && !errors.Is(err, payments.ErrBadEvent):
			t.Errorf("an error of another kind: %v", err)
		case signed && len(payload) <= payments.MaxWebhook && errors.Is(err, payments.ErrSignature):
			t.Error("our own signature is refused")
		}
	})
}

// FuzzRead: a body of our version never panics, is never money without our id, and fails only as not understood.
func FuzzRead(f *testing.F) {
	for _, eventType := range []string{"checkout.session.completed", "payment_intent.payment_failed", "refund.updated", "charge.dispute.created", "customer.created"} {
		f.Add(event(eventType, "2023-10-16", `{"id":"x_1","status":"complete","payment_status":"paid","amount":4900,"amount_total":4900,"currency":"eur",`+
			`"payment_intent":"pi_1","metadata":{"payment_id":"`+payment+`"}}`))
	}
	f.Add(event("checkout.session.completed", "2023-10-16", `{"id":"cs_1","payment_intent":{"latest_charge":{"balance_transaction":{"fee":1}}}}`))
	p := offline(time.Unix(1772366400, 0))
	f.Fuzz(func(t *testing.T, body string) {
		var head struct {
			Version string `json:"api_version"`
			Type    string `json:"type"`
		}
		if json.Unmarshal([]byte(body), &head) == nil && (head.Version != "2023-10-16" || head.Type == "charge.refunded") {
			t.Skip("asks Stripe")
		}
		got, err := p.Read(t.Context(), []byte(body))
		if err != nil && !errors.Is(err, payments.ErrBadEvent) {
			t.Errorf("an error of another kind: %v", err)
		}
		if got.Kind == payments.EventPaid && (!got.PaymentID.Is(turnout.PrefixPayment) || got.Amount.Currency == "") {
			t.Errorf("money from nowhere: %+v", got)
		}
	})
}
