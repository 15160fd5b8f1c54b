package edge_test

import (
	"testing"

	"broadsheet/internal/database/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
