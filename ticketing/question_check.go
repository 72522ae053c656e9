package ticketing

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"turnout/internal/database"
)

// questionChecks are the invariants of what is asked and answered.
var questionChecks = []database.Invariant{
	{Says: "question %s: asks its words of version %d, which are not there (%d)", Query: `
		SELECT question.id AS subject, question.asked AS stored, 0 AS counted FROM questions AS question
		WHERE NOT EXISTS (SELECT 1 FROM question_versions AS words WHERE words.question_id = question.id AND words.version = question.asked)`},
	{Says: "pool %s: counts the places of a choice (%d), and no question of its event has that choice (%d)", Query: `
		SELECT pool.id AS subject, pool.capacity AS stored, 0 AS counted FROM pools AS pool WHERE pool.kind = 'choice'
		AND NOT EXISTS (SELECT 1 FROM question_versions AS words JOIN questions AS question ON question.id = words.question_id
		  WHERE question.event_id = pool.event_id AND CAST(words.options AS TEXT) LIKE '%' || pool.id || '%')`},
	{Says: "order %s: %d answers are about tickets that are not its own, %d should be", Query: `
		SELECT answer.order_id AS subject, COUNT(*) AS stored, 0 AS counted FROM answers AS answer
		WHERE answer.ticket_id <> '' AND NOT EXISTS (SELECT 1 FROM tickets AS ticket WHERE ticket.id = answer.ticket_id AND ticket.order_id = answer.order_id)
		GROUP BY answer.order_id`},
}

// overdueAfter is how long after its day an answer may still be there: the sweep comes every hour.
const overdueAfter = 24 * time.Hour

// CheckAnswers says which questions have answers that were to be erased more than a day before now, and which options count their
// places in a pool that is not there.
func CheckAnswers(ctx context.Context, db bun.IDB, now time.Time) ([]string, error) {
	due, err := answersDue(ctx, db, now.Add(-overdueAfter))
	if err != nil {
		return nil, fmt.Errorf("ticketing: check answers: %w", err)
	}
	var found []string
	for _, w := range due {
		found = append(found, fmt.Sprintf("question %s: answers to its words of version %d are kept after their day", w.QuestionID, w.Version))
	}
	questions, err := questionsWhere(ctx, db, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("CAST(words.options AS TEXT) LIKE '%pool_id%'")
	})
	if err == nil {
		err = loadChoicePools(ctx, db, questions)
	}
	if err != nil {
		return nil, fmt.Errorf("ticketing: check answers: %w", err)
	}
	for _, q := range questions {
		for _, o := range q.Words.Options {
			if o.PoolID != "" && (o.Pool == nil || o.Pool.Kind != ChoicePlaces || o.Pool.EventID != q.EventID) {
				found = append(found, fmt.Sprintf("question %s: its choice %s counts places in %s, which is no such pool", q.ID, o.ID, o.PoolID))
			}
		}
	}
	return found, nil
}
