package main

import (
	"sync/atomic"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// meter shows how far a long operation is: on a terminal, and only once it has taken a while. Its
// methods may be called from any goroutine.
type meter struct {
	writer  progress.Writer
	tracker *progress.Tracker
	begun   time.Time
	drawn   atomic.Bool
}

// slow is how long an operation may take before its progress is shown.
const slow = 300 * time.Millisecond

// progress begins to show an operation that counts in a unit.
func (a *app) progress(what, unit string) *meter {
	m := &meter{begun: time.Now()}
	if !a.watched || a.json {
		return m
	}
	m.tracker = &progress.Tracker{Message: what, Units: progress.Units{
		Notation: " " + unit, NotationPosition: progress.UnitsNotationPositionAfter, Formatter: progress.FormatNumber}}
	m.writer = progress.NewWriter()
	m.writer.SetOutputWriter(a.err)
	m.writer.SetUpdateFrequency(100 * time.Millisecond)
	m.writer.SetTrackerLength(25)
	m.writer.Style().Visibility.Value = true
	m.writer.AppendTracker(m.tracker)
	return m
}

func (m *meter) uint64s(done, total uint64) { m.show(int64(done), int64(total)) }
func (m *meter) ints(done, total int)       { m.show(int64(done), int64(total)) }

func (m *meter) show(done, total int64) {
	if m.tracker == nil || time.Since(m.begun) < slow {
		return
	}
	if m.drawn.CompareAndSwap(false, true) {
		go m.writer.Render()
	}
	m.tracker.UpdateTotal(total)
	m.tracker.SetValue(done)
}

func (m *meter) done() {
	if !m.drawn.Load() {
		return
	}
	m.tracker.MarkAsDone()
	m.writer.Stop()
	for m.writer.IsRenderInProgress() {
		time.Sleep(10 * time.Millisecond)
	}

}
