package org.xecomla.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Notebooks are kept without what they once printed. */
class NotebookOutputsTest {
    @Test
    void theNotebookHasNoOutputs() throws Exception {
        JsonNode cells = new ObjectMapper()
                .readTree(Path.of("notebooks/explore_run.ipynb").toFile())
                .get("cells");
        assertTrue(cells.size() > 5);
        for (JsonNode cell : cells) {
            if (cell.get("cell_type").asText().equals("code")) {
                assertEquals(0, cell.get("outputs").size(), cell::toString);
                assertTrue(cell.get("execution_count").isNull(), cell::toString);
            }
        }
    }
}
