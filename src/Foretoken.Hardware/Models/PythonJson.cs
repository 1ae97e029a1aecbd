namespace Foretoken.Hardware.Models;

/// <summary>
/// Python writes <c>Infinity</c> and <c>NaN</c> into JSON, which JSON does not have. Both are replaced by something of the
/// same length, so that places stay right: a number beyond any double, and an empty list that no key reads as a number.
/// </summary>
internal static class PythonJson
{
    public static string ToStrict(string json)
    {
        if (!json.Contains("Infinity", StringComparison.Ordinal) && !json.Contains("NaN", StringComparison.Ordinal))
        {
            return json;
        }

        var text = json.ToCharArray();
        var inside = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (inside)
            {
                if (text[i] == '\\')
                {
                    i++;
                }
                else if (text[i] == '"')
                {
                    inside = false;
                }
            }
            else if (text[i] == '"')
            {
                inside = true;
            }
            else if (text.AsSpan(i).StartsWith("Infinity"))
            {
                "1e999999".CopyTo(0, text, i, 8);
                i += 7;
            }
            else if (text.AsSpan(i).StartsWith("NaN"))
            {
                "[ ]".CopyTo(0, text, i, 3);
                i += 2;
            }
        }

        return new string(text);
    }
}
