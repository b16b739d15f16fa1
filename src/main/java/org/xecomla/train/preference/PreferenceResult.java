package org.xecomla.train.preference;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.List;
import org.xecomla.averaging.Measures;
import org.xecomla.errors.UserException;
import org.xecomla.files.JsonFaults;

/**
 * A policy measured on preferences.
 *
 * @param accuracy share of the pairs whose chosen answer is rewarded more
 * @param margin mean difference of the two rewards
 * @param loss mean
 */
public record PreferenceResult(long numPairs, double accuracy, double margin, double loss) implements Serializable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What single pairs come to. */
    public static PreferenceResult of(List<PreferenceLoss.Value> values) {
        Measures measures = DpoObjective.measures(values);
        return new PreferenceResult(
                values.size(),
                measures.value(DpoObjective.ACCURACY),
                measures.value(DpoObjective.MARGIN),
                measures.loss());
    }

    /** Of both sets of pairs together. */
    public PreferenceResult plus(PreferenceResult other) {
        long all = numPairs + other.numPairs;
        double mine = all == 0 ? 0 : (double) numPairs / all;
        double theirs = all == 0 ? 0 : (double) other.numPairs / all;
        return new PreferenceResult(
                all,
                mine * accuracy + theirs * other.accuracy,
                mine * margin + theirs * other.margin,
                mine * loss + theirs * other.loss);
    }

    public String toJson() {
        ObjectNode node = JSON.createObjectNode();
        node.put("pairs", numPairs);
        node.put("accuracy", accuracy);
        node.put("margin", margin);
        node.put("loss", loss);
        return node.toPrettyString() + "\n";
    }

    /** @throws UserException where {@code json} is not what {@link #toJson} writes */
    public static PreferenceResult fromJson(String json) {
        try {
            JsonNode node = JSON.readTree(json);
            return new PreferenceResult(
                    node.required("pairs").asLong(),
                    node.required("accuracy").asDouble(),
                    node.required("margin").asDouble(),
                    node.required("loss").asDouble());
        } catch (JsonProcessingException e) {
            throw new UserException("the measurement of preferences " + JsonFaults.describe(e), e);
        } catch (IllegalArgumentException e) {
            throw new UserException("the measurement of preferences lacks a value", e);
        }
    }
}
