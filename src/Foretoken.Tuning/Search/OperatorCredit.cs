using Foretoken.Quantities;

namespace Foretoken.Tuning.Search;

/// <summary>How often each operator is used: in proportion to how often its points joined the front of late, and never below a twentieth.</summary>
internal sealed class OperatorCredit
{
    private const double Forget = 0.99;
    private const double Floor = 0.05;
    private readonly double[] _tried = new double[7];
    private readonly double[] _joined = new double[7];
    private double _screenedTried = 10;
    private double _screenedJoined = 4;
    private double _otherTried = 10;
    private double _otherJoined = 1;

    public OperatorCredit()
    {
        for (var i = 0; i < _tried.Length; i++)
        {
            (_tried[i], _joined[i]) = (10, i == (int)Operator.Random ? 0.2 : 2);
        }
    }

    /// <summary>
    /// Share of a batch that the model may choose: as its choices and the unscreened ones succeed, between 0.3 and 0.85, so that
    /// neither a wrong model can lead the search astray for good nor a few lucky draws put a good one aside.
    /// </summary>
    public double Screened
    {
        get
        {
            var chosen = _screenedJoined / _screenedTried;
            return Math.Clamp(chosen / (chosen + (_otherJoined / _otherTried)), 0.3, 0.85);
        }
    }

    public void Note(Operator origin, bool screened, bool joined)
    {
        ref var tried = ref screened ? ref _screenedTried : ref _otherTried;
        ref var succeeded = ref screened ? ref _screenedJoined : ref _otherJoined;
        tried = (tried * Forget) + 1;
        succeeded = (succeeded * Forget) + (joined ? 1 : 0);
        var i = (int)origin;
        _tried[i] = (_tried[i] * Forget) + 1;
        _joined[i] = (_joined[i] * Forget) + (joined ? 1 : 0);
    }

    public Operator Choose(ref RandomStream random)
    {
        double sum = 0;
        for (var i = 0; i < _tried.Length; i++)
        {
            sum += _joined[i] / _tried[i];
        }

        var u = random.NextDouble();
        for (var i = 0; i < _tried.Length; i++)
        {
            var share = sum > 0 ? _joined[i] / _tried[i] / sum : 1.0 / _tried.Length;
            u -= Floor + ((1 - (Floor * _tried.Length)) * share);
            if (u < 0)
            {
                return (Operator)i;
            }
        }

        return Operator.Mutation;
    }
}
