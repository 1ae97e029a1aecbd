namespace Foretoken.Hardware.Coefficients.Operators;

/// <summary>
/// How many ranks, or nodes, a token's experts lie on, on average, if each choice is as likely as any other. Experts are dealt
/// out in order; a model whose tokens choose from some groups of experts only (DeepSeek) reaches fewer.
/// </summary>
/// <param name="Experts">Experts of the layer.</param>
/// <param name="PerToken">Experts per token.</param>
/// <param name="Groups">Groups of experts; 1 for none.</param>
/// <param name="GroupsPerToken">Groups that a token chooses from.</param>
internal readonly record struct TokenSpread(int Experts, int PerToken, int Groups, int GroupsPerToken)
{
    /// <summary>Places out of <paramref name="places"/> that hold at least one of a token's experts.</summary>
    public double Reached(int places)
    {
        var each = (double)Experts / places;
        var group = (double)Experts / Groups;
        var open = group * GroupsPerToken;

        // A place lies within one group, or holds some whole ones, of which the token may choose from j.
        if (each <= group)
        {
            return places * ((double)GroupsPerToken / Groups) * Any(open, each);
        }

        var held = (int)Math.Round(each / group);
        var sum = 0.0;
        for (var j = 1; j <= Math.Min(held, GroupsPerToken); j++)
        {
            sum += Chosen(held, j) * Any(open, j * group);
        }

        return places * sum;
    }

    // That at least one of the token's experts, out of so many that it may choose, is among some of them.
    private double Any(double open, double some)
    {
        var none = 1.0;
        for (var i = 0; i < PerToken; i++)
        {
            none *= Math.Max(0, open - some - i) / (open - i);
        }

        return 1 - none;
    }

    // That exactly j of the place's groups are among the token's: hypergeometric.
    private double Chosen(int held, int j) => Binomial(held, j) * Binomial(Groups - held, GroupsPerToken - j) / Binomial(Groups, GroupsPerToken);

    private static double Binomial(int n, int k)
    {
        if (k < 0 || k > n)
        {
            return 0;
        }

        var product = 1.0;
        for (var i = 0; i < k; i++)
        {
            product *= (double)(n - i) / (i + 1);
        }

        return product;
    }
}
