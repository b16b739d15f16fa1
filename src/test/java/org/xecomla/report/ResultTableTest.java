package org.xecomla.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ResultTableTest {
    private static final ResultTable TABLE = new ResultTable(
            new ResultTable.Row("base", 1.5, OptionalDouble.empty(), 1280, 2560),
            new ResultTable.Row("right after initialisation", 12.25, OptionalDouble.of(1.25), 320, 640),
            new ResultTable.Row("distilled", 1.6, OptionalDouble.of(0.1), 320, 640),
            "bfloat16");

    @Test
    void textIsAlignedAndFitsAConsole() {
        String expected = """
                                           perplexity  KL to teacher  KV elements/token  KV bytes/token  of base
                base                            1.500              -              1,280           2,560  100.0 %
                right after initialisation     12.250         1.2500                320             640   25.0 %
                distilled                       1.600         0.1000                320             640   25.0 %
                KL in nats per position; KV cache over all layers, bytes in bfloat16; \
                distillation closed 92.0 % of the KL gap
                """;
        assertEquals(expected, TABLE.toText());
    }

    @Test
    void jsonHoldsTheSame() throws Exception {
        JsonNode json = new ObjectMapper().readTree(TABLE.toJson());
        assertEquals(3, json.get("models").size());
        assertFalse(json.get("models").get(0).has("kl_to_teacher"));
        JsonNode distilled = json.get("models").get(2);
        assertEquals("distilled", distilled.get("model").asText());
        assertEquals(1.6, distilled.get("perplexity").asDouble());
        assertEquals(0.1, distilled.get("kl_to_teacher").asDouble());
        assertEquals(320, distilled.get("kv_elements_per_token").asInt());
        assertEquals(640, distilled.get("kv_bytes_per_token").asInt());
        assertEquals(0.25, distilled.get("kv_share_of_base").asDouble());
        assertEquals("bfloat16", json.get("kv_dtype").asText());
        assertEquals(0.92, json.get("kl_gap_closed").asDouble(), 1e-12);
    }

    @Test
    void aDivergenceThatWasNotMeasuredIsNotClaimed() {
        ResultTable table = new ResultTable(TABLE.base(), TABLE.base(), TABLE.base(), "float32");
        assertEquals(OptionalDouble.empty(), table.klGapClosed());
        assertTrue(table.toText().endsWith("bytes in float32\n"), table.toText());
    }
}
