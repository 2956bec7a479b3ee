import java.io.*;
import java.nio.charset.*;
import java.text.*;
import java.util.*;
import java.util.regex.*;

/** Answers requests on stdin, one a line: fields in base64 of UTF-16BE, separated by blanks. The first field names the operation. */
public class JavaPeer {
  static final Charset WIRE = StandardCharsets.UTF_16BE;

  static String decode(String field) { return units(Base64.getDecoder().decode(field)); }

  // Not new String(bytes, UTF_16BE): a lone surrogate has to come and go unchanged.
  static String units(byte[] bytes) {
    char[] chars = new char[bytes.length / 2];
    for (int i = 0; i < chars.length; i++) chars[i] = (char) ((bytes[2 * i] & 255) << 8 | bytes[2 * i + 1] & 255);
    return new String(chars);
  }

  static String encode(String text) {
    byte[] bytes = new byte[text.length() * 2];
    for (int i = 0; i < text.length(); i++) { bytes[2 * i] = (byte) (text.charAt(i) >> 8); bytes[2 * i + 1] = (byte) text.charAt(i); }
    return Base64.getEncoder().encodeToString(bytes);
  }

  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, "US-ASCII");
    for (String line; (line = in.readLine()) != null; ) {
      List<String> request = new ArrayList<>();
      for (String field : line.split(" ", -1)) request.add(decode(field));
      List<String> answer = new ArrayList<>();
      try {
        answer.add("ok");
        run(request, answer);
      } catch (Throwable error) {
        answer = new ArrayList<>(List.of("error", error.getClass().getSimpleName(), String.valueOf(error.getMessage())));
      }
      StringJoiner joiner = new StringJoiner(" ");
      for (String field : answer) joiner.add(encode(field));
      out.println(joiner);
    }
    out.flush();
  }

  static byte[] latin(String text) { return text.getBytes(StandardCharsets.ISO_8859_1); }

  static SimpleDateFormat sdf(String pattern, String zone) {
    SimpleDateFormat format = new SimpleDateFormat(pattern, Locale.US);
    format.setTimeZone(TimeZone.getTimeZone(zone));
    format.set2DigitYearStart(new Date(Long.parseLong("631152000000"))); // 1990-01-01: an answer that does not age
    return format;
  }

  static void run(List<String> request, List<String> answer) throws Exception {
    String first = request.size() > 1 ? request.get(1) : "";
    switch (request.get(0)) {
      case "properties" -> {
        Properties properties = new Properties() {
          @Override public synchronized Object put(Object key, Object value) {
            answer.add((String) key);
            answer.add((String) value);
            return super.put(key, value);
          }
        };
        properties.load(new ByteArrayInputStream(latin(first)));
      }
      case "regex" -> {
        Matcher matcher = Pattern.compile(first).matcher(request.get(2));
        answer.add(String.valueOf(matcher.matches()));
        matcher.reset();
        while (matcher.find()) {
          StringJoiner spans = new StringJoiner(" ");
          for (int g = 0; g <= matcher.groupCount(); g++) spans.add(matcher.start(g) + "," + matcher.end(g));
          answer.add(spans.toString());
        }
      }
      case "class" -> { // which characters below 0x3100 the class holds, as ranges
        Pattern pattern = Pattern.compile(first);
        int start = -1;
        for (int c = 0; c <= 0x3100; c++) {
          boolean in = c < 0x3100 && pattern.matcher(new String(Character.toChars(c))).matches();
          if (in && start < 0) start = c;
          if (!in && start >= 0) { answer.add(Integer.toHexString(start) + "-" + Integer.toHexString(c - 1)); start = -1; }
        }
      }
      case "replace" -> answer.add(Pattern.compile(first).matcher(request.get(2)).replaceAll(request.get(3)));
      case "utf8" -> answer.add(new String(latin(first), StandardCharsets.UTF_8));
      case "sdf_format" -> answer.add(sdf(first, request.get(2)).format(new Date(Long.parseLong(request.get(3)))));
      case "sdf_parse" -> answer.add(String.valueOf(sdf(first, request.get(2)).parse(request.get(3)).getTime()));
      case "double" -> answer.add(Double.toString(Double.parseDouble(first)));
      case "int" -> answer.add(String.valueOf(Integer.parseInt(first.trim())));
      case "long" -> answer.add(String.valueOf(Long.parseLong(first.trim())));
      case "charset" -> answer.add(Charset.forName(first).name());
      case "map" -> {
        Map<String, String> map = new HashMap<>();
        for (int i = 1; i + 1 < request.size(); i += 2) map.put(request.get(i), request.get(i + 1));
        answer.add(map.toString());
      }
      case "joda_format", "joda_parse" -> joda(request, answer);
      default -> throw new IllegalArgumentException(request.get(0));
    }
  }

  // By reflection, so that this file also compiles without joda-time on the class path.
  static void joda(List<String> request, List<String> answer) throws Exception {
    Class<?> zoneClass = Class.forName("org.joda.time.DateTimeZone");
    Class<?> formatter = Class.forName("org.joda.time.format.DateTimeFormatter");
    try {
      Object format = Class.forName("org.joda.time.format.DateTimeFormat").getMethod("forPattern", String.class).invoke(null, request.get(1));
      Object zone = zoneClass.getMethod("forID", String.class).invoke(null, request.get(2));
      format = formatter.getMethod("withZone", zoneClass).invoke(format, zone);
      format = formatter.getMethod("withLocale", Locale.class).invoke(format, Locale.ENGLISH);
      format = formatter.getMethod("withPivotYear", int.class).invoke(format, 2000);
      if (request.get(0).equals("joda_format"))
        answer.add((String) formatter.getMethod("print", long.class).invoke(format, Long.parseLong(request.get(3))));
      else
        answer.add(String.valueOf(formatter.getMethod("parseMillis", String.class).invoke(format, request.get(3))));
    } catch (java.lang.reflect.InvocationTargetException error) {
      throw (Exception) error.getCause();
    }
  }
}
