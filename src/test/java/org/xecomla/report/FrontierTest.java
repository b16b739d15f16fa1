package org.xecomla.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class FrontierTest {
    private static Frontier.Run run(String recipe, String choice, long seed, double selection, double kl) {
        Frontier.Model model = new Frontier.Model(2, kl, 16, 32);
        String name = recipe + "-" + choice + "-seed" + seed;
        return new Frontier.Run(name, "phased", "dense", 100, 12, 4, recipe, choice, seed, selection, model, model);
    }

    private static Frontier frontier(Frontier.Run... runs) {
        return new Frontier("float32", new Frontier.Model(1.8, 0, 64, 128), List.of(runs));
    }

    /** The best by the windows for choosing, over both seeds; what it has on the others decides nothing. */
    @Test
    void ofATunedRecipeTheBestChoiceIsShown() {
        Frontier found = frontier(
                run("official", "", 1, 0.9, 0.91),
                run("tuned", "2", 1, 0.30, 0.50),
                run("tuned", "2", 2, 0.50, 0.51),
                run("tuned", "4", 1, 0.38, 0.60),
                run("tuned", "4", 2, 0.38, 0.61));
        assertEquals(
                List.of("official--seed1", "tuned-4-seed1", "tuned-4-seed2"),
                found.shown().stream().map(Frontier.Run::name).toList());
        String text = found.toText();
        assertTrue(text.contains("tuned-4-seed2") && text.contains("0.6100"), text);
        assertFalse(text.contains("tuned-2"), text);
        assertEquals(found, Frontier.fromJson(found.toJson()), "all runs are kept in the file");
    }

    /** Files from before there were recipes. */
    @Test
    void aFileWithoutRecipesIsRead() {
        String json = frontier(run("", "", 0, 0, 0.4))
                .toJson()
                .replaceAll("(?m)^.*\"(recipe|choice|seed|selection_kl)\".*\n", "");
        Frontier found = Frontier.fromJson(json);
        assertEquals(frontier(run("", "", 0, 0, 0.4)), found);
        assertEquals(1, found.shown().size());
    }
}
