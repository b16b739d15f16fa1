package org.xecomla.eval;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.OptionalDouble;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.JsonFaults;
import org.xecomla.safetensors.Dtype;

/**
 * A model scored on text.
 *
 * <p>As JSON: {@code perplexity}, {@code loss}, {@code tokens}, {@code kl_to_teacher} (absent without a teacher),
 * {@code kv_elements_per_token}, {@code kv_bytes_per_token}, {@code kv_dtype}.
 *
 * @param loss mean of -log P(token) in nats over the predicted positions
 * @param tokens number of predicted positions: all of each window but its first
 * @param klToTeacher mean of KL(teacher || student) in nats over all positions, at temperature 1
 * @param kvElementsPerToken cached elements of one token, over all layers
 * @param kvDtype type of a cached element: that of the weights in the checkpoint
 */
public record EvalResult(double loss, long tokens, OptionalDouble klToTeacher, int kvElementsPerToken, Dtype kvDtype) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @throws UserException where the sums are of no token: the text was shorter than one window */
    public static EvalResult of(EvalSums sums, ModelConfig model, Dtype kvDtype) {
        if (sums.numTokens() == 0) {
            throw new UserException("there is nothing to score: the text is shorter than one window; give more text or"
                    + " a smaller sequence.length");
        }
        OptionalDouble kl = sums.numKlPositions() == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(sums.klSum() / sums.numKlPositions());
        double loss = sums.lossSum() / sums.numTokens();
        return new EvalResult(loss, sums.numTokens(), kl, model.kvElementsPerToken(), kvDtype);
    }

    /** exp of the loss. */
    public double perplexity() {
        return Math.exp(loss);
    }

    public long kvBytesPerToken() {
        return (long) kvElementsPerToken * kvDtype.width();
    }

    public String toJson() {
        return json().toPrettyString() + "\n";
    }

    /** {@link #toJson} as a tree. */
    public ObjectNode json() {
        ObjectNode node = JSON.createObjectNode();
        node.put("perplexity", perplexity());
        node.put("loss", loss);
        node.put("tokens", tokens);
        klToTeacher.ifPresent(kl -> node.put("kl_to_teacher", kl));
        node.put("kv_elements_per_token", kvElementsPerToken);
        node.put("kv_bytes_per_token", kvBytesPerToken());
        node.put("kv_dtype", kvDtype.torchName());
        return node;
    }

    /** @throws UserException where {@code json} is not what {@link #toJson} writes */
    public static EvalResult fromJson(String json) {
        try {
            JsonNode node = JSON.readTree(json);
            JsonNode kl = node.path("kl_to_teacher");
            return new EvalResult(
                    node.required("loss").asDouble(),
                    node.required("tokens").asLong(),
                    kl.isNumber() ? OptionalDouble.of(kl.asDouble()) : OptionalDouble.empty(),
                    node.required("kv_elements_per_token").asInt(),
                    dtype(node.required("kv_dtype").asText()));
        } catch (JsonProcessingException e) {
            throw new UserException("the result of an evaluation " + JsonFaults.describe(e), e);
        } catch (IllegalArgumentException e) {
            throw new UserException("the result of an evaluation lacks a value, or has a wrong one", e);
        }
    }

    private static Dtype dtype(String torchName) {
        return Dtype.weights().stream()
                .filter(type -> type.torchName().equals(torchName))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("kv_dtype is " + torchName));
    }
}
