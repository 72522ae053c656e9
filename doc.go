// Package turnout holds the words that every part of Turnout shares: errors, money and ids.
//
// Turnout runs events for a community: plan → sell → admit → follow up → report. The repository is laid out along
// that corridor, and imports point only back towards its beginning:
//
//	turnout (here)    errors, money, ids; standard library only
//	internal/...      plumbing that knows no event: database, jobs, mail, audit, paper, webhook
//	migrations        numbered SQL for both engines
//	templates         pages, mails, styles, scripts, fonts, the message catalogue
//	events/...        plan: communities, people, events, agenda, speakers, sponsors, budget
//	ticketing/...     sell: ticket types, pools, holds, orders, tickets; payments and documents
//	checkin           admit: lists, scans, attendance records
//	community         follow up: activities and activation
//	recap             report: the figures, their definitions and the PDFs
//	api/...           the routes, the JSON API, the pages, the hooks
//	cmd/turnout       the program and its only wiring
package turnout
