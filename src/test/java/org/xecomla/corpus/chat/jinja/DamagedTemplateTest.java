package org.xecomla.corpus.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.xecomla.corpus.chat.jinja.value.Limits;
import org.xecomla.errors.UserException;

/**
 * Random templates with characters lost, doubled and exchanged: they render or are refused, and nothing else happens.
 */
class DamagedTemplateTest {
    private static final int NUM_TEMPLATES = 1_000;
    private static final Limits LIMITS = new Limits(200_000, 1 << 22, 1 << 20, 300);
    private static final String PARTS = "{}%#'\"\\|()[]+-*/~=<>,.:;_ \n0aeE\u0000\uD83D\uFFFF";

    @Test
    void damagedTemplatesRenderOrAreRefused() {
        TemplateGenerator generator = new TemplateGenerator(7);
        Random random = new Random(7);
        int numRendered = 0;
        int numRefused = 0;
        for (int i = 0; i < NUM_TEMPLATES; i++) {
            String template = damaged(generator.template(), random);
            Map<String, Object> variables = generator.variables();
            try {
                JinjaTemplate.parse(template, "it", LIMITS).render(variables);
                numRendered++;
            } catch (UserException refused) {
                assertTrue(refused.getMessage().startsWith("it"), refused.getMessage());
                numRefused++;
            } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
                throw new AssertionError(template + "\n" + variables, e);
            }
        }
        assertTrue(numRendered > 50 && numRefused > 50, numRendered + " rendered, " + numRefused + " refused");
    }

    private static String damaged(String template, Random random) {
        StringBuilder text = new StringBuilder(template);
        for (int i = random.nextInt(3); i >= 0 && text.length() > 1; i--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.deleteCharAt(at);
                case 1 -> text.insert(at, PARTS.charAt(random.nextInt(PARTS.length())));
                case 2 -> text.setCharAt(at, PARTS.charAt(random.nextInt(PARTS.length())));
                default -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(12))));
            }
        }
        return text.toString();
    }
}
