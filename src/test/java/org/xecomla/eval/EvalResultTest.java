package org.xecomla.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Collections;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.UserException;
import org.xecomla.safetensors.Dtype;

class EvalResultTest {
    private static final ModelConfig MODEL = new ModelConfig(
            8,
            16,
            10,
            64,
            1e-5,
            10000,
            true,
            0,
            1,
            Collections.nCopies(3, new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE)));

    @Test
    void meansOverTheirOwnPositions() {
        EvalResult result = EvalResult.of(new EvalSums(30, 10, 6, 12), MODEL, Dtype.BF16);
        assertEquals(3, result.loss());
        assertEquals(Math.exp(3), result.perplexity());
        assertEquals(0.5, result.klToTeacher().getAsDouble());
        assertEquals(3 * 2 * 2 * 6, result.kvElementsPerToken());
        assertEquals(2L * 72, result.kvBytesPerToken());
    }

    @Test
    void jsonHasTheDocumentedKeysAndComesBack() throws Exception {
        EvalResult result = EvalResult.of(new EvalSums(30, 10, 6, 12), MODEL, Dtype.F32);
        JsonNode json = new ObjectMapper().readTree(result.toJson());
        assertEquals(Math.exp(3), json.get("perplexity").asDouble());
        assertEquals(3, json.get("loss").asDouble());
        assertEquals(10, json.get("tokens").asLong());
        assertEquals(0.5, json.get("kl_to_teacher").asDouble());
        assertEquals(72, json.get("kv_elements_per_token").asInt());
        assertEquals(288, json.get("kv_bytes_per_token").asInt());
        assertEquals("float32", json.get("kv_dtype").asText());
        assertEquals(result, EvalResult.fromJson(result.toJson()));
    }

    @Test
    void withoutATeacherThereIsNoDivergence() {
        EvalResult result = EvalResult.of(new EvalSums(30, 10, 0, 0), MODEL, Dtype.F32);
        assertEquals(OptionalDouble.empty(), result.klToTeacher());
        assertFalse(result.toJson().contains("kl_to_teacher"));
        assertEquals(result, EvalResult.fromJson(result.toJson()));
    }

    @Test
    void noTextAndNoResultAreRefused() {
        assertThrows(UserException.class, () -> EvalResult.of(EvalSums.ZERO, MODEL, Dtype.F32));
        String message = assertThrows(UserException.class, () -> EvalResult.fromJson("{\"loss\": 1}"))
                .getMessage();
        assertTrue(message.startsWith("the result of an evaluation "), message);
    }
}
