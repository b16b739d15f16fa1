package org.xecomla.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.eval.EvalDetails.Sums;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;

/** Scores by position and by document; the golden models' documents begin with id 1. */
class EvalDetailsTest {
    private static final int LENGTH = 5;

    /** Documents of 3, 8 and 4 tokens over three windows. */
    private static final List<int[]> WINDOWS =
            List.of(new int[] {1, 7, 8, 1, 9}, new int[] {3, 4, 5, 6, 7}, new int[] {8, 1, 2, 3, 4});

    private static CausalLm model(String name) {
        ModelDirectory directory = ModelDirectory.open(DataFiles.path("src/test/resources/golden/" + name));
        ParameterStore weights = Tensors.zeros(CausalLm.layout(directory.config(), n -> false), ElementType.DOUBLE);
        directory.load(weights);
        return new CausalLm(directory.config(), weights, null, new NaiveKernels(ElementType.DOUBLE), LENGTH);
    }

    private static EvalDetails details(List<int[]> windows, List<EvalSums> sums) {
        try (Evaluator evaluator =
                new Evaluator(model("mla-gqa-tied-last"), model("llama-gqa-tied"), LENGTH, windows.size())) {
            sums.add(evaluator.evaluate(windows.stream().map(TokenSequence::of).toList()));
            return evaluator.details();
        }
    }

    @Test
    void documentsAreWhatStandsBetweenTheirBeginnings() {
        List<EvalSums> sums = new ArrayList<>();
        EvalDetails whole = details(WINDOWS, sums);
        assertFalse(whole.continues());
        assertEquals(
                List.of(3L, 8L, 4L),
                whole.documents().stream().map(Sums::numCompared).toList());
        assertEquals(
                List.of(3L, 6L, 3L),
                whole.documents().stream().map(Sums::numTokens).toList());
        assertEquals(
                List.of(3L, 3L, 3L, 3L, 0L),
                whole.positions().stream().map(Sums::numTokens).toList());
        for (List<Sums> parts : List.of(whole.positions(), whole.documents())) {
            assertEquals(
                    sums.get(0).lossSum(),
                    parts.stream().mapToDouble(Sums::loss).sum(),
                    1e-12);
            assertEquals(
                    sums.get(0).klSum(), parts.stream().mapToDouble(Sums::kl).sum(), 1e-12);
        }
    }

    @Test
    void rangesAreJoinedWhereTheyCutADocument() {
        List<EvalSums> sums = new ArrayList<>();
        EvalDetails whole = details(WINDOWS, sums);
        EvalDetails second = details(WINDOWS.subList(1, 2), sums);
        assertTrue(second.continues());
        EvalDetails joined =
                details(WINDOWS.subList(0, 1), sums).plus(second).plus(details(WINDOWS.subList(2, 3), sums));
        assertEquals(whole.documents().size(), joined.documents().size());
        for (int d = 0; d < 3; d++) {
            assertEquals(
                    whole.documents().get(d).loss(), joined.documents().get(d).loss(), 1e-12);
            assertEquals(
                    whole.documents().get(d).numAgreeing(),
                    joined.documents().get(d).numAgreeing());
        }
        assertEquals(whole.positions().get(2).kl(), joined.positions().get(2).kl(), 1e-12);
    }

    @Test
    void standardErrorsAreOverDocuments() {
        Sums a = new Sums(2, 2, 1, 1, 2);
        Sums b = new Sums(8, 4, 3, 4, 4);
        EvalDetails details = new EvalDetails(List.of(a.plus(b)), List.of(a, b), false);
        JsonNode json = details.summary();
        // mean 10/6; residuals 2 - 2 * 10/6 and 8 - 4 * 10/6; sqrt((16/9 + 16/9) * 2 / 1) / 6
        assertEquals(Math.sqrt(32 / 9.0 * 2) / 6, json.get("loss_stderr").asDouble(), 1e-12);
        assertEquals(5 / 6.0, json.get("top1_agreement").asDouble());
        assertEquals(2, json.get("documents").asInt());
        JsonNode byDocument = details.json().get("by_document");
        assertEquals(Math.E, byDocument.get(0).get("perplexity").asDouble(), 1e-12);
        assertEquals(0.75, byDocument.get(1).get("kl_to_teacher").asDouble());
        assertFalse(new EvalDetails(List.of(a), List.of(a), false).summary().has("loss_stderr"));
    }
}
