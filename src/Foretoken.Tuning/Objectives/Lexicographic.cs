namespace Foretoken.Tuning.Objectives;

/// <summary>Order by the first coordinate that differs.</summary>
internal static class Lexicographic
{
    public static int Compare(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        for (var k = 0; k < a.Length; k++)
        {
            var order = a[k].CompareTo(b[k]);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}
