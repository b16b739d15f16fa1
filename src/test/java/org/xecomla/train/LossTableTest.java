package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.train.StoriesRecipe.Score;

/**
 * What stories260K, made latent, comes to with the same tokens by different losses: alpha and temperature constant and
 * on schedules, and with the states of the base's layers. Prints a line for each, over seeds that order the samples.
 *
 * <p>{@code -Dmeasure.losses} is a regular expression of the lines wanted, {@code -Dmeasure.seeds} a list such as
 * 1,2,3.
 */
@Tag("measure")
class LossTableTest {
    private static final String WANTED = System.getProperty("measure.losses", ".*");
    private static final List<String> SEEDS =
            List.of(System.getProperty("measure.seeds", "1,2,3").split(","));

    @TempDir
    Path temporary;

    /** The settings of every line. */
    private static Map<String, List<String>> losses() {
        Map<String, List<String>> losses = new LinkedHashMap<>();
        losses.put("kl", List.of());
        losses.put("alpha 0.25", List.of("distill.alpha=0.25"));
        for (String form : List.of("linear", "cosine")) {
            losses.put("alpha 0.5 to 0 " + form, List.of("distill.alpha=0.5", "distill.alpha-schedule=" + form));
            losses.put(
                    "alpha 0 to 0.5 " + form,
                    List.of("distill.alpha-schedule=" + form, "distill.alpha-schedule-end=0.5"));
        }
        losses.put("temperature 2", List.of("targets.temperature=2"));
        for (String form : List.of("linear", "cosine")) {
            losses.put(
                    "temperature 2 to 1 " + form,
                    List.of("targets.temperature=2", "distill.temperature-schedule=" + form));
        }
        for (String form : List.of("mse", "cosine")) {
            for (String states : List.of("attention", "block", "both")) {
                for (String weight : List.of("1", "10", "100")) {
                    losses.put(
                            "hidden " + form + " " + states + " " + weight,
                            List.of(
                                    "distill.hidden-loss=" + form,
                                    "distill.hidden-states=" + states,
                                    "distill.hidden-weight=" + weight));
                }
            }
        }
        losses.keySet().removeIf(name -> !name.matches(WANTED));
        return losses;
    }

    @Test
    void waysToLearn() throws Exception {
        try (StoriesExperiment stories = new StoriesExperiment(temporary)) {
            for (Map.Entry<String, List<String>> loss : losses().entrySet()) {
                List<Score> scores = new ArrayList<>();
                for (String seed : SEEDS) {
                    List<String> settings = new ArrayList<>(loss.getValue());
                    settings.add("run.seed=" + seed);
                    scores.add(stories.distil(StoriesExperiment.config(settings.toArray(String[]::new)), 1));
                }
                System.out.println(line(loss.getKey(), scores));
                scores.forEach(score -> assertTrue(score.kl() < 1, loss.getKey() + " learns: " + score));
            }
        }
    }

    private static String line(String name, List<Score> scores) {
        return String.format(
                Locale.ROOT,
                "%-26s KL %s   perplexity %s",
                name,
                scores.stream()
                        .map(score -> String.format(Locale.ROOT, "%.4f", score.kl()))
                        .collect(Collectors.joining(" ")),
                scores.stream()
                        .map(score -> String.format(Locale.ROOT, "%.3f", score.perplexity()))
                        .collect(Collectors.joining(" ")));
    }
}
