package templates

import (
	"html/template"
)

// look is the tone and the icon of a state; the word comes from the catalogue ("status.order.confirmed").
type look struct{ tone, icon string }

// looks lists every state that pages show (decisions.md, "Statuses"), as kind.value.
var looks = map[string]look{
	"event.draft": {"neutral", "pencil"}, "event.published": {"ok", "globe"}, "event.canceled": {"bad", "ban"}, "event.ended": {"neutral", "check"},
	"order.held": {"info", "hourglass"}, "order.awaiting_approval": {"warn", "hourglass"}, "order.pending": {"warn", "clock"},
	"order.confirmed": {"ok", "circle-check"}, "order.expired": {"neutral", "clock"}, "order.canceled": {"bad", "circle-x"},
	"ticket.reserved": {"info", "hourglass"}, "ticket.valid": {"ok", "circle-check"}, "ticket.canceled": {"bad", "circle-x"},
	"payment.created": {"neutral", "circle-dot"}, "payment.processing": {"warn", "clock"}, "payment.succeeded": {"ok", "circle-check"},
	"payment.failed": {"bad", "circle-x"}, "payment.canceled": {"neutral", "ban"}, "payment.disputed": {"bad", "circle-alert"},
	"payment.late_refund_pending": {"warn", "undo-2"}, "payment.late_refunded": {"neutral", "undo-2"},
	"payment.twice_refund_pending": {"warn", "undo-2"}, "payment.twice_refunded": {"neutral", "undo-2"}, "payment.refund_pending": {"warn", "undo-2"},
	"payment.refunded": {"neutral", "undo-2"}, "payment.refunded_in_part": {"neutral", "undo-2"}, "payment.refund_failed": {"bad", "circle-alert"},
	"refund.requested": {"info", "circle-dot"}, "refund.processing": {"warn", "clock"}, "refund.succeeded": {"ok", "circle-check"},
	"refund.failed": {"bad", "circle-x"}, "refund.manual": {"warn", "wallet"},
	"waitlist.waiting": {"info", "hourglass"}, "waitlist.offered": {"ok", "ticket"}, "waitlist.accepted": {"ok", "circle-check"},
	"waitlist.expired": {"neutral", "clock"}, "waitlist.withdrawn": {"neutral", "x"}, "waitlist.closed": {"neutral", "lock"},
	"sponsor.prospect": {"neutral", "circle-dot"}, "sponsor.talking": {"info", "handshake"}, "sponsor.promised": {"info", "check"},
	"sponsor.signed": {"ok", "pencil"}, "sponsor.invoiced": {"warn", "file-text"}, "sponsor.paid": {"ok", "circle-check"}, "sponsor.lost": {"bad", "x"},
	"session.draft": {"neutral", "pencil"}, "session.confirmed": {"ok", "circle-check"}, "session.withdrawn": {"bad", "ban"},
	"sign_up.signed": {"ok", "circle-check"}, "sign_up.waiting": {"info", "hourglass"},
	"answer.pending": {"warn", "circle-dot"}, "answer.confirmed": {"ok", "circle-check"}, "answer.declined": {"bad", "circle-x"}, "answer.moved": {"warn", "clock"},
	"device.online": {"ok", "wifi"}, "device.offline": {"neutral", "wifi-off"}, "device.waiting": {"info", "qr-code"},
	"device.unpaired": {"neutral", "log-out"}, "device.expired": {"neutral", "clock"}, "device.revoked": {"bad", "ban"},
	"scan.accepted": {"ok", "circle-check"}, "scan.refused": {"bad", "circle-x"},
	"mode.in_person": {"neutral", "map-pin"}, "mode.virtual": {"info", "video"}, "mode.hybrid": {"info", "globe"},
	"voucher.active": {"ok", "circle-check"}, "voucher.scheduled": {"info", "clock"}, "voucher.used_up": {"neutral", "check"}, "voucher.ended": {"neutral", "ban"},
	"sale.available": {"ok", "ticket"}, "sale.few_left": {"warn", "flame"}, "sale.sold_out": {"bad", "ban"},
	"sale.not_started": {"neutral", "clock"}, "sale.ended": {"neutral", "lock"}, "sale.limited": {"info", "key-round"}, "sale.unavailable": {"neutral", "ban"},
	"import.preview": {"neutral", "eye"}, "import.preparing": {"info", "clock"}, "import.working": {"info", "refresh-cw"}, "import.done": {"ok", "circle-check"},
	"import.undoing": {"warn", "refresh-cw"}, "import.undone": {"neutral", "undo-2"},
	"mail.queued": {"info", "clock"}, "mail.sending": {"info", "refresh-cw"}, "mail.sent": {"ok", "check"}, "mail.kept": {"neutral", "mail"}, "mail.failed": {"bad", "circle-alert"},
	"bulk.waiting": {"info", "clock"}, "bulk.done": {"ok", "check"}, "bulk.refused": {"bad", "circle-x"},
	"run.gathering": {"info", "refresh-cw"}, "run.working": {"info", "refresh-cw"}, "run.done": {"ok", "check"},
	"job.queued": {"info", "clock"}, "job.running": {"info", "refresh-cw"}, "job.done": {"ok", "check"}, "job.dead": {"bad", "circle-alert"},
}

// badge draws a state as icon and word, never by colour alone: {{badge "order" .Status}}. An unknown value is shown as it is.
func (l *localiser) badge(kind string, value any) template.HTML {
	name := template.HTMLEscaper(value)
	shown, ok := looks[kind+"."+name]
	if !ok {
		shown = look{"neutral", "circle-dot"}
	}
	word := name
	if key := "status." + kind + "." + name; l.has(key) {
		word = template.HTMLEscapeString(l.say(key))
	}
	return `<span class="badge badge-` + template.HTML(shown.tone) + `">` + icons()[shown.icon] + `<span>` + template.HTML(word) + `</span></span>` //nolint:gosec // escaped above
}
