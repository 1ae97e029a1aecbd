namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// The share of a running request's remaining declared output that admission keeps room for: falls with every decode step,
/// jumps after a retraction, starts over when the engine is idle (SGLang's retract_decode()).
/// </summary>
internal sealed class NewTokenRatio
{
    private const int OffTheTable = -1;

    private readonly double _initial;
    private readonly double _least;
    private readonly double _decay;

    // All that decay from the start passes through.
    private readonly double[] _fromInitial;
    private int _step;

    public NewTokenRatio(double conservativeness)
    {
        _initial = Math.Min(SgLangConstants.InitNewTokenRatio * conservativeness, 1);
        _least = Math.Min(_initial * SgLangConstants.MinNewTokenRatioFactor, 1);
        _decay = (_initial - _least) / SgLangConstants.NewTokenRatioDecaySteps;
        Value = _initial;
        var values = new List<double> { _initial };
        while (values[^1] > _least)
        {
            values.Add(Math.Max(values[^1] - _decay, _least));
        }

        _fromInitial = [.. values];
    }

    /// <summary>The ratio now.</summary>
    public double Value { get; private set; }

    /// <summary>A decode step fitted.</summary>
    public void Decay() => Decay(1);

    /// <summary>So many decode steps fitted, one after the other: each rounds anew.</summary>
    public void Decay(int steps)
    {
        if (_step != OffTheTable)
        {
            _step = (int)Math.Min((long)_step + steps, _fromInitial.Length - 1);
            Value = _fromInitial[_step];
            return;
        }

        // A retraction may have set it below the least, too.
        for (; steps > 0 && Value != _least; steps--)
        {
            Value = Math.Max(Value - _decay, _least);
        }
    }

    /// <summary>The engine is idle.</summary>
    public void Reset()
    {
        Value = _initial;
        _step = 0;
    }

    /// <summary>Requests were retracted; <paramref name="kept"/> are left.</summary>
    public void Retracted(IReadOnlyList<SgLangRequest> kept)
    {
        long generated = 0;
        long declared = 0;
        foreach (var request in kept)
        {
            generated += request.Generated;
            declared += request.MaxNewTokens;
        }

        Retracted(kept.Count, generated, declared);
    }

    /// <summary>Requests were retracted; <paramref name="kept"/> are left, which generated and declared so many tokens in all.</summary>
    public void Retracted(int kept, long generated, long declared)
    {
        var ratio = (generated + (long)SgLangConstants.RetractDecodeSteps * kept) / (double)(declared + 1);
        Value = Math.Min(1, ratio);
        _step = OffTheTable;
    }
}
