package changes

import (
	"time"

	"broadsheet/internal/content"
)

// NewMemory returns a memory of so many bytes, nil of none, that listens to the log, which nobody may follow yet. Who keeps what is
// made from it has to be added to the log later, so as to hear of a change after the memory has.
func NewMemory(log *Log, bytes int64) *content.Memory {
	if bytes <= 0 {
		return nil
	}
	memory := content.NewMemory(content.MemoryOptions{
		Bytes:   bytes,
		Current: func() bool { _, current := log.Current(); return current },
		GoodUntil: func(readAt time.Time, dependencies []content.Dependency) time.Time {
			return log.GoodUntil(readAt, dependencies, 0)
		},
	})
	log.OnChange(func(changes []Change) {
		for _, change := range changes {
			memory.Apply(change.Announced)
		}
	})
	return memory
}
