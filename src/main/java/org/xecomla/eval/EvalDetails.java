package org.xecomla.eval;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What was added up over windows, position by position of the window and document by document. A document begins at the
 * model's beginning-of-sequence token; one that windows or ranges cut is put together again. Position t is the one that
 * sees token t and predicts the next.
 *
 * @param positions T of them
 * @param documents in the order of the text
 * @param continues whether the first of them began before the first window
 */
public record EvalDetails(List<Sums> positions, List<Sums> documents, boolean continues) implements Serializable {
    /**
     * Sums over some positions.
     *
     * @param loss nats, -log P(token)
     * @param numTokens predicted tokens of {@code loss}
     * @param kl nats, KL(teacher || student)
     * @param numAgreeing positions where teacher and student find the same token the most probable
     * @param numCompared positions of {@code kl} and {@code numAgreeing}; 0 without a teacher
     */
    public record Sums(double loss, long numTokens, double kl, long numAgreeing, long numCompared)
            implements Serializable {
        static final Sums ZERO = new Sums(0, 0, 0, 0, 0);

        Sums plus(Sums other) {
            return new Sums(
                    loss + other.loss,
                    numTokens + other.numTokens,
                    kl + other.kl,
                    numAgreeing + other.numAgreeing,
                    numCompared + other.numCompared);
        }
    }

    public EvalDetails {
        positions = List.copyOf(positions);
        documents = List.copyOf(documents);
    }

    /** The details of these windows and those that follow them. */
    public EvalDetails plus(EvalDetails next) {
        List<Sums> both = new ArrayList<>();
        for (int t = 0; t < positions.size(); t++) {
            both.add(positions.get(t).plus(next.positions.get(t)));
        }
        List<Sums> all = new ArrayList<>(documents);
        boolean joined = next.continues && !all.isEmpty() && !next.documents.isEmpty();
        if (joined) {
            int last = all.size() - 1;
            all.set(last, all.get(last).plus(next.documents.get(0)));
        }
        all.addAll(next.documents.subList(joined ? 1 : 0, next.documents.size()));
        return new EvalDetails(both, all, documents.isEmpty() ? next.continues : continues);
    }

    private Sums total() {
        return positions.stream().reduce(Sums.ZERO, Sums::plus);
    }

    /**
     * Keys beside those of {@link EvalResult}: {@code documents}, {@code loss_stderr}; with a teacher also {@code
     * top1_agreement}, {@code kl_stderr} and {@code top1_agreement_stderr}. Standard errors are over documents, whose
     * tokens hang together; absent where there is only one.
     */
    public ObjectNode summary() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        Sums total = total();
        json.put("documents", documents.size());
        putError(json, "loss_stderr", Sums::loss, Sums::numTokens);
        if (total.numCompared > 0) {
            json.put("top1_agreement", (double) total.numAgreeing / total.numCompared);
            putError(json, "kl_stderr", Sums::kl, Sums::numCompared);
            putError(json, "top1_agreement_stderr", Sums::numAgreeing, Sums::numCompared);
        }
        return json;
    }

    /** Of a mean over positions, documents being what was drawn: that of a ratio of two sums. */
    private void putError(ObjectNode json, String key, ToDoubleFunction<Sums> sum, ToDoubleFunction<Sums> count) {
        double size = documents.stream().mapToDouble(count).sum();
        double mean = documents.stream().mapToDouble(sum).sum() / size;
        double squares = documents.stream()
                .mapToDouble(d -> Math.pow(sum.applyAsDouble(d) - mean * count.applyAsDouble(d), 2))
                .sum();
        int n = documents.size();
        if (n > 1 && size > 0) {
            json.put(key, Math.sqrt(squares * n / (n - 1)) / size);
        }
    }

    /** Keys {@code by_position}, lists of T means, and {@code by_document}, an object for each document in order. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ObjectNode byPosition = json.putObject("by_position");
        boolean compared = total().numCompared > 0;
        list(byPosition.putArray("loss"), Sums::loss, Sums::numTokens);
        if (compared) {
            list(byPosition.putArray("kl_to_teacher"), Sums::kl, Sums::numCompared);
            list(byPosition.putArray("top1_agreement"), Sums::numAgreeing, Sums::numCompared);
        }
        ArrayNode byDocument = json.putArray("by_document");
        for (Sums document : documents) {
            ObjectNode node = byDocument.addObject().put("tokens", document.numTokens);
            put(node, "perplexity", Math.exp(document.loss / document.numTokens));
            if (compared) {
                put(node, "kl_to_teacher", document.kl / document.numCompared);
                put(node, "top1_agreement", (double) document.numAgreeing / document.numCompared);
            }
        }
        return json;
    }

    private static void put(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        }
    }

    /** The last position of a window predicts nothing: null. */
    private void list(ArrayNode list, ToDoubleFunction<Sums> sum, ToDoubleFunction<Sums> count) {
        for (Sums position : positions) {
            if (count.applyAsDouble(position) > 0) {
                list.add(sum.applyAsDouble(position) / count.applyAsDouble(position));
            } else {
                list.addNull();
            }
        }
    }
}
